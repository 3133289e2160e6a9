// A message as it stands in the conversation: a card by its parts, or text, picture, voice, file, place.

import { actions, body, maps } from "./card.js";
import { button, element, link, linked, put, row } from "./dom.js";
import { calendarOf, chainOf, formOf } from "./form.js";
import { base, onThisClock, toast } from "./line.js";
import { me } from "./me.js";
import { tongue, words } from "./words.js";

const TAGS = {
  bold: "b",
  italic: "i",
  underline: "u",
  strikethrough: "s",
  code: "code",
  pre: "pre",
  blockquote: "blockquote",
  expandable_blockquote: "blockquote",
};

// Text with what the Bot API marks in it, and with phone numbers that can be called with one tap.
function formatted(text, entities) {
  const whole = document.createDocumentFragment();
  let at = 0;
  for (const entity of (entities || []).slice().sort((a, b) => a.offset - b.offset)) {
    if (entity.offset < at) continue;
    linked(whole, text.slice(at, entity.offset));
    const part = text.slice(entity.offset, entity.offset + entity.length);
    if (entity.type === "text_link" && /^(https?|tel):/.test(entity.url)) whole.append(link(entity.url, part));
    else if (entity.type === "url") linked(whole, part);
    else whole.append(element(TAGS[entity.type] || "span", "", part));
    at = entity.offset + entity.length;
  }
  linked(whole, text.slice(at));
  return whole;
}

// The clock on the wall in Zhejiang, wherever the phone thinks it is: the cards' times are the same.
function wall(moment, parts) {
  const form = new Intl.DateTimeFormat(tongue.now.replace("_", "-"), { timeZone: "Asia/Shanghai", ...parts });
  return form.format(moment);
}

function clock(seconds) {
  const [then, today] = [new Date(seconds * 1000), new Date()];
  const time = wall(then, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const year = { year: "numeric" };
  const day = { month: "short", day: "numeric" };
  if (wall(then, year) !== wall(today, year)) return `${wall(then, { ...year, ...day })} ${time}`;
  return wall(then, day) === wall(today, day) ? time : `${wall(then, day)} ${time}`;
}

// A picture over the whole screen: two fingers make it larger, a tap closes it.
function look(source) {
  const made = button(
    "",
    () => {
      made.remove();
    },
    "look",
  );
  made.setAttribute("aria-label", words.close);
  const image = element("img");
  image.src = source;
  image.alt = words.photo_alt;
  made.append(image);
  document.body.append(made);
  made.focus();
}

// How far that is from here, where the phone has been allowed to say where it is; it isn't asked for it.
async function far(latitude, longitude, bubble) {
  if (!navigator.permissions || !navigator.geolocation) return;
  try {
    if ((await navigator.permissions.query({ name: "geolocation" })).state !== "granted") return;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // a browser that knows no such question
    return;
  }
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      const arc = Math.PI / 180;
      const x = (longitude - coords.longitude) * arc * Math.cos(latitude * arc);
      const y = (latitude - coords.latitude) * arc;
      bubble.append(element("p", "", put(words.far, { count: (6371 * Math.hypot(x, y)).toFixed(1) })));
    },
    () => {},
    { maximumAge: 60000 },
  );
}

function media(message, bubble) {
  if (message.photo) {
    const image = element("img");
    image.src = `${base}/file/${message.photo[message.photo.length - 1].file_id}`;
    image.alt = words.photo_alt;
    bubble.append(button("", () => look(image.src), "picture"));
    bubble.lastElementChild.append(image);
  }
  if (message.document) {
    const { file_id: id, file_name: name } = message.document;
    const file = link(`${base}/file/${id}`, `📄 ${name || words.file}`);
    file.download = name || "";
    bubble.append(file);
  }
  if (message.voice) {
    const sound = element("audio");
    sound.controls = true;
    sound.preload = "none";
    sound.src = `${base}/file/${message.voice.file_id}`;
    const { duration } = message.voice;
    bubble.append(element("span", "length", `${words.voice}${duration ? ` ${duration}″` : ""}`), sound);
  }
  if (message.location) {
    const { latitude, longitude } = message.location;
    const point = element("p", "", `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`);
    bubble.append(point, maps("", [latitude, longitude]));
    far(latitude, longitude, bubble);
  }
}

// An invitation is scanned from the other phone, copied, or handed to whatever app the person writes with.
function invitation(code, text, bubble) {
  const picture = element("img");
  picture.src = `/qr/${code}`;
  picture.alt = words.qr;
  const link = (text.match(/https?:\/\/\S+\/#[\w-]{16,64}/) || [text])[0];
  const letter = put(words.invite_letter, { link }); // what the other one reads: not how it is read out
  const copy = button(words.copy, async () => {
    try {
      await navigator.clipboard.writeText(letter);
      toast(words.copied);
    } catch (error) {
      toast(words.copy_failed);
    }
  });
  const share = button(words.share, () =>
    navigator.share({ text: letter }).catch((error) => console.warn("not shared", error.name)),
  );
  const digits = text.match(/(?:^|\D)(\d{3})(\d{3})(?!\d)/); // to be read out on the telephone
  if (digits) bubble.append(element("div", "digits", `${digits[1]} ${digits[2]}`));
  bubble.append(element("div", "", words.qr), picture, row(navigator.share ? [copy, share] : [copy]));
}

export function quoteOf(message) {
  return (message.text || message.caption || words.photo_alt).split("\n")[0];
}

const keyboardOf = (message) => (message.reply_markup || {}).inline_keyboard || [];
const offers = (message, verb) =>
  keyboardOf(message).some((buttons) => buttons.some((one) => (one.callback_data || "").startsWith(`1:${verb}:`)));

// Whether it is an alert that nobody has answered.
export const waits = (message) => (isCard(message) ? message.card.mood === "alarm" : offers(message, "ack"));

// Whether it stands there by its parts; what only belongs to a lead is a message like any other.
const isCard = (message) => Boolean(message.card && message.card.title);

// When it was said; what somebody may want to answer can be answered. A sentence of the system's can't.
function under(message, reply) {
  const made = element("div", "under", clock(message.edit_date || message.date));
  if (reply) made.append(button(words.reply, () => reply(message)));
  return made;
}

// What a tap in the menu or a form has said, as people would.
export function inWords(text) {
  const command = text.match(/^\/(\w+)/);
  const name = command && me.names[command[1]];
  return name ? `${name}${text.slice(command[0].length)}` : text;
}

function cardOf(message, tap, reply) {
  const buttons = keyboardOf(message);
  const parts = [body(message.card)];
  message.card.madeAt = onThisClock(message.edit_date || message.date);
  if (buttons.length) parts.push(actions(message.card, buttons, tap));
  parts.push(under(message, message.card.noun !== "report" && reply));
  return parts;
}

function bubbleOf(message) {
  const bubble = element("div", "bubble");
  if (message.reply_to_message) bubble.append(element("span", "quote", quoteOf(message.reply_to_message)));
  media(message, bubble);
  return bubble;
}

// What the person has said.
function mineOf(message) {
  const bubble = bubbleOf(message);
  const said = message.text || message.caption;
  if (said) bubble.append(formatted(inWords(said), []));
  return [bubble, under(message)];
}

// What the bot has said, with what can be tapped or filled in.
function theirsOf(message, tap, reply) {
  const bubble = bubbleOf(message);
  const text = message.text || message.caption || "";
  const { chain, days, forms, lasts } = message.card || {};
  if (text) bubble.append(formatted(text, message.entities || message.caption_entities));
  if (lasts) bubble.append(...barOf(message.date, lasts));
  if (chain) bubble.append(chainOf(chain));
  if (days) bubble.append(calendarOf(days));
  const invites = text.match(/\/#([\w-]{16,64})(\s|$)/);
  if (invites) invitation(invites[1], text, bubble);
  const buttons = keyboardOf(message).map((some) =>
    row(some.map((one) => button(one.text, () => tap(one.callback_data)))),
  );
  const answers = buttons.length || message.asks_reply || message.photo || message.voice || /“/.test(text);
  return [bubble, ...buttons, ...formsOf(forms), under(message, answers && reply)];
}

// How much is left of the time in which an answer is waited for.
function barOf(since, lasts) {
  const gone = (Date.now() - onThisClock(since)) / 1000;
  if (gone >= lasts) return [];
  const bar = element("div", "bar");
  bar.style.animationDuration = `${lasts}s`;
  bar.style.animationDelay = `-${gone}s`;
  return [bar];
}

function formsOf(forms) {
  if (!forms) return [];
  const made = element("div", "forms");
  made.append(...forms.map(formOf));
  return [made];
}

// Draws one. `tap` hears the message and a button's data, `reply` the message that somebody wants to answer.
export function draw(message, { tap, reply }) {
  const item = element("li", message.from.is_bot ? "theirs" : "mine");
  if (message.from.is_bot && waits(message)) item.classList.add("urgent");
  item.dataset.id = message.message_id;
  const theirs = isCard(message) ? cardOf : theirsOf;
  const parts = message.from.is_bot ? theirs : mineOf;
  item.append(...parts(message, (data) => tap(message, data), reply));
  return item;
}
