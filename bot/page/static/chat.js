// One conversation with the bot, for phones as old as Chrome 80. No framework, no other host. Here everything meets.

import { say, takeUpDraft } from "./composer.js";
import { $, put } from "./dom.js";
import { offerFinding } from "./finder.js";
import { forms } from "./form.js";
import { openTab } from "./frame.js";
import { forgetAll, listSoon, takeCards } from "./leads.js";
import {
  base,
  isLine,
  keepOnPhone,
  line,
  lineIs,
  loadWords,
  memory,
  session,
  slug,
  within,
  withWords,
} from "./line.js";
import { lock, shut } from "./lock.js";
import { calledNow, isNow, me } from "./me.js";
import { fillMenu } from "./menu.js";
import { lookAgain } from "./pending.js";
import { adopt, flush, offerToDrop, queue, showWaiting, takeUp } from "./queue.js";
import { deaf, listen, stillHere, stream } from "./stream.js";
import { forgetTalk, offerEarlier, showAnew, talk } from "./talk.js";
import { offerWaking } from "./waking.js";
import { tongue, words } from "./words.js";

const page = { drawnIn: tongue.now }; // the language that the messages stand in

// Whoever has the phone now reads nothing here.
function blank() {
  $("me").textContent = "";
  forgetAll();
  forgetTalk();
}

line.signedOut = () => {
  deaf();
  blank();
  lineIs(words.signed_out + (words.phone ? put(words.signed_out_call, { phone: words.phone }) : ""));
  $("locked").hidden = true;
  $("chat").hidden = false;
  const parts = [
    "say",
    "urgent",
    "tabs",
    "leads",
    "earlier",
    "waiting",
    "board",
    "menu",
    "wake",
    "sleepers",
    "find",
    "hits",
    "set-pin",
  ];
  for (const part of parts) $(part).hidden = true;
  session.keep(`draft-${slug}`, "");
  $("again").hidden = false;
  if (memory.get("chat") === slug) memory.drop("chat");
  memory.drop(`who-${slug}`);
  offerToDrop();
};

line.locked = () => {
  if (shut()) blank();
};

lock.opened = () => {
  deaf();
  blank();
  showWaiting();
  listen();
  flush();
};

stream.person = async (now) => {
  me.first = now.first;
  try {
    if (now.language !== tongue.now) await loadWords(now.language);
  } catch (error) {
    if (!isLine(error)) throw error; // in the other language, then
  }
  if (now.language === tongue.now && page.drawnIn !== tongue.now) {
    page.drawnIn = tongue.now;
    lineIs($("line").hidden ? "" : words.offline);
    showAnew();
    listSoon();
  }
  talk.loaded = true;
  offerEarlier();
  isNow(now.who);
  calledNow(now.commands.concat(now.called || []));
  adopt();
  home(now);
  fillMenu(now.commands, now.groups || {});
  offerWaking(now.push, now.awake);
};

// What each role needs to see first.
function home(now) {
  me.pinned = Boolean(now.pin);
  words.phone = now.phone || words.phone;
  const hints = { judge: words.say_judge, supervisor: words.say_supervisor, town: words.say_town };
  const hint = hints[now.role] || words.say;
  $("text").placeholder = hint;
  $("text").setAttribute("aria-label", hint);
  for (const tool of [$("camera"), $("voice")]) tool.hidden = now.role === "supervisor";
  $("board").hidden = !["supervisor", "town"].includes(now.role);
  $("board").href = `${base}/board`;
  $("again").hidden = Boolean(now.joined);
  offerFinding(["judge", "supervisor", "town"].includes(now.role));
  if (now.joined && window === window.top) memory.set("chat", slug); // the demo shows several side by side
  $("court").textContent = now.court ? put(words.court, { name: now.court }) : words.title;
  $("me").textContent = now.name ? `${now.name} · ${now.as}` : "";
  $("tabs").hidden = !now.joined;
  $("tab-leads").textContent = ["judge", "supervisor"].includes(now.role) ? words.tab_leads : words.tab_mine;
  if (now.joined && me.role === null) {
    takeCards();
    openTab(["judge", "supervisor"].includes(now.role) ? "leads" : "talk");
  }
  if (now.joined) me.role = now.role;
  listSoon();
  lookAgain(now.waiting, now.newest);
  $("waiting").hidden = !now.waiting;
  $("waiting").textContent = put(words.unanswered, { count: now.waiting });
  $("sleepers").hidden = !now.asleep;
  $("sleepers").textContent = put(words.sleepers, { count: now.asleep });
}

forms.say = say;
$("waiting").addEventListener("click", () => say("/pending"));
$("wake-other").addEventListener("click", () => {
  $("wake").open = false; // it would cover the answer
  say("/push");
});
$("sleepers").addEventListener("click", () => say("/people"));

async function start() {
  $("chat").hidden = false;
  queue.ready = within(takeUp(), 5).catch((error) => console.warn("what was left unsent isn't readable", error));
  if (!(await stillHere())) return;
  await queue.ready;
  takeUpDraft();
  flush();
  listen();
}

withWords(start);
keepOnPhone();
