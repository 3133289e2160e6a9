// The conversation: messages in their order, what came meanwhile, what was said before, and the message being answered.

import { ageAnew } from "./card.js";
import { $, element, put } from "./dom.js";
import { closeLead, frame, openTab } from "./frame.js";
import { forget, isOpen, keepOpen, leads, note } from "./leads.js";
import { attempt, base, heed, post, reach, within } from "./line.js";
import { me } from "./me.js";
import { draw, quoteOf } from "./message.js";
import { alarm, call } from "./ring.js";
import { words } from "./words.js";

export const talk = {
  shown: new Map(), // message number -> its place in the list
  told: new Map(), // message number -> the message, to be drawn again in another language
  last: 0, // the last change that has come
  edge: Infinity, // from this message on everything is here
  loaded: false, // whether the first page is here: what comes from then on is news
  answering: null, // the number of the message that is being answered
  expecting: 0, // when the person did something: its answer is shown, wherever they have scrolled to
  news: 0, // how many have come below what is in view
  pinned: true, // whether the end is in view: it stays so when a picture comes and makes room for itself
  divider: null, // stands above the first thing that came while nobody was looking
};

const list = $("messages");
const drawn = (message) => draw(message, { tap, reply });
leads.draw = drawn;
frame.shown = () => {
  if (!talk.news) toEnd();
};

// Puts a message where it belongs. `old` where the person has asked for what was said before.
export function show(message, old = false) {
  if (!message.from.is_bot && /^\/start( |$)/.test(message.text || "")) return; // joining is nothing to talk about
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 120;
  const before = talk.shown.get(message.message_id);
  const item = drawn(message);
  if (before) {
    keepOpen(before, item);
    before.replaceWith(item);
  } else list.insertBefore(item, placeOf(message));
  talk.shown.set(message.message_id, item);
  talk.told.set(message.message_id, message);
  note(message);
  if (before) {
    if (atEnd && item === list.lastElementChild && !old) list.scrollTop = list.scrollHeight; // it moves nothing else
    return;
  }
  const fresh = talk.loaded && message.from.is_bot && !message.silent;
  if (fresh) announce(message, item);
  if (!old) bringIntoView(item, atEnd, fresh);
  if (fresh && message.asks_reply) reply(message);
}

function bringIntoView(item, atEnd, fresh) {
  const tall = item.offsetHeight > list.clientHeight; // then its beginning, which says who and where
  const answers = fresh && Date.now() - talk.expecting < 5000;
  if (answers) talk.expecting = 0;
  if (atEnd || !talk.loaded || answers) item.scrollIntoView({ block: tall ? "start" : "end" });
  else if (fresh) below(talk.news + 1); // who reads what was said before isn't pulled away from it
}

function placeOf(message) {
  const later = (one) => (one.dataset.id ? Number(one.dataset.id) > message.message_id : one !== talk.divider);
  return [...list.children].find(later) || null;
}

function announce(message, item) {
  const loud = item.classList.contains("urgent");
  if (loud) alarm.cameAt.set(message.message_id, Date.now());
  if (document.hidden && !alarm.unread) {
    if (talk.divider) talk.divider.remove();
    talk.divider = element("li", "divider", words.unread);
    item.before(talk.divider);
  }
  call(loud);
  item.classList.add("flash");
}

// Draws everything again, in another language.
export function showAnew() {
  talk.loaded = false;
  for (const message of [...talk.told.values()]) show(message);
}

export function gone(messageId) {
  const item = talk.shown.get(messageId);
  if (item) item.remove();
  talk.shown.delete(messageId);
  talk.told.delete(messageId);
  forget(messageId);
}

export function forgetTalk() {
  list.textContent = "";
  talk.shown.clear();
  talk.told.clear();
  Object.assign(talk, { last: 0, edge: Infinity, loaded: false });
}

function below(count) {
  talk.news = count;
  $("below").hidden = !count;
  $("below").textContent = put(words.below, { count: String(count) });
}

export function toEnd() {
  list.scrollTop = list.scrollHeight;
  talk.pinned = true;
  below(0);
}

// -- what was said before ----------------------------------------------------------------------------------------------

export function offerEarlier() {
  $("earlier").hidden = talk.edge <= me.first || talk.edge === Infinity;
}

const earlier = () =>
  attempt(async () => {
    const answer = await reach(`${base}/earlier?before=${talk.edge}`);
    heed(answer);
    if (!answer.ok) return;
    const { messages } = await within(answer.json());
    const under = list.scrollHeight - list.scrollTop;
    talk.loaded = false;
    for (const message of messages) show(message, true);
    talk.loaded = true;
    talk.edge = messages.length ? messages[0].message_id : me.first;
    list.scrollTop = list.scrollHeight - under; // what was being read stays where it is
    offerEarlier();
  });

// -- taps and answers --------------------------------------------------------------------------------------------------

export function expect() {
  talk.expecting = Date.now();
}

function tap(message, data) {
  expect();
  return attempt(() => post(`${base}/tap`, { message_id: message.message_id, data }));
}

function reply(message) {
  if (!isOpen(message)) {
    closeLead();
    openTab("talk");
  }
  answer(message);
}

export function answer(message) {
  talk.answering = message ? message.message_id : null;
  $("replying").hidden = !message;
  if (!message) return;
  $("replying").firstElementChild.textContent = `${words.reply}：${quoteOf(message)}`;
  $("text").focus();
}

$("earlier").addEventListener("click", earlier);
$("below").addEventListener("click", toEnd);
$("replying").lastElementChild.addEventListener("click", () => answer(null));
list.addEventListener(
  "scroll",
  () => {
    talk.pinned = list.scrollHeight - list.scrollTop - list.clientHeight < 120;
    if (talk.news && talk.pinned) below(0);
  },
  { passive: true },
);
list.addEventListener("load", () => talk.pinned && toEnd(), true);
setInterval(() => ageAnew(document), 20000);
