// For grammY. Arguments: the gateway's address, the token, and the port for a webhook (0: long polling).

import http from "node:http";
import { createRequire } from "node:module";

const { Bot, InlineKeyboard, InputFile, GrammyError, webhookCallback } = createRequire(`${process.cwd()}/`)("grammy");
const [url, token, port] = process.argv.slice(2);
const bot = new Bot(token, { client: { apiRoot: url } });
const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

bot.command("start", (context) => context.reply(
  "😀 <b>粗</b><i>斜</i><u>下</u><s>删</s><code>码</code><a href='https://example.org/'>链</a><pre>块</pre><tg-spoiler>密</tg-spoiler><blockquote>引</blockquote>",
  { parse_mode: "HTML", reply_markup: new InlineKeyboard().text("收到", "tap") },
));

bot.on("callback_query:data", async (context) => {
  await context.answerCallbackQuery("好");
  await context.editMessageText("改了");
});

bot.on("message:photo", async (context) => {
  const file = await context.getFile();
  const answer = await fetch(`${url}/file/bot${token}/${file.file_path}`);
  const content = new Uint8Array(await answer.arrayBuffer());
  await context.replyWithPhoto(new InputFile(content, "back.jpg"), { caption: String(content.length) });
});

bot.on("message:text", async (context) => {
  for (let number = 0; number < 3; number += 1) {
    try {
      await context.reply(`第${number}条`);
    } catch (error) {
      if (!(error instanceof GrammyError) || error.error_code !== 429) throw error;
      await pause(error.parameters.retry_after);
      number -= 1;
    }
  }
});

if (Number(port)) {
  http.createServer(webhookCallback(bot, "http", { secretToken: "geheim" })).listen(Number(port), "127.0.0.1");
  await bot.api.setWebhook(`http://127.0.0.1:${port}/hook`, { secret_token: "geheim" });
} else {
  await bot.start({ timeout: 1 });
}
