// Leads and reports, a row each; a tap opens one over the screen.

import { listed } from "./card.js";
import { $, element, put } from "./dom.js";
import { closeLead, frame, openLead, openTab } from "./frame.js";
import { base, isLine, reach, within } from "./line.js";
import { me } from "./me.js";
import { waits } from "./message.js";
import { alarm, waitsNow } from "./ring.js";
import { words } from "./words.js";

export const leads = {
  cards: new Map(), // message number -> the card of a lead or report, wherever the conversation has scrolled to
  items: new Map(), // message number -> what belongs to a lead: photos, questions and answers, notes
  draw() {}, // draws a message; given
  above: () => [], // rows of what isn't a card of one's own; given
};

export function note(message) {
  const noun = message.card && message.card.noun;
  if (noun && noun !== "item") leads.cards.set(message.message_id, message);
  else if (belongs(message)) leads.items.set(message.message_id, message);
  listSoon();
}

// The lead that a message belongs to: that of the card, or of what one's own words answer.
function belongs(message) {
  if (message.card) return message.card.of || 0;
  const answered = (message.reply_to_message || {}).message_id;
  const before = leads.items.get(answered) || leads.cards.get(answered);
  return before ? belongs(before) : 0;
}

// What was sent and said about a lead, the oldest first.
function itemsOf(message) {
  const { of } = message.card;
  const all = of ? [...leads.items.values()].filter((one) => belongs(one) === of) : [];
  return all.sort((a, b) => a.message_id - b.message_id);
}

// Whether a message belongs to the lead that is open.
export function isOpen(message) {
  const shown = leads.cards.get(frame.lead);
  return Boolean(shown && shown.card.of && belongs(message) === shown.card.of);
}

export function forget(messageId) {
  leads.cards.delete(messageId);
  leads.items.delete(messageId);
  listSoon();
}

export function forgetAll() {
  leads.cards.clear();
  leads.items.clear();
  $("leads").textContent = "";
  closeLead();
  listSoon();
}

let listing = 0;
export function listSoon() {
  clearTimeout(listing); // a hundred that come at once are listed once
  listing = setTimeout(list, 30);
}

// First what nobody has answered, the newest on top, for there it is likeliest that somebody is still where they were
// seen; then what has been answered and isn't over; then what is, the last fifty.
const RANKS = { alarm: 0, hand: 1, done: 2, over: 2 };
function inOrder() {
  const rank = (one) => RANKS[one.card.mood];
  const all = [...leads.cards.values()].sort((a, b) => rank(a) - rank(b) || b.message_id - a.message_id);
  return all.slice(0, all.filter((one) => rank(one) < 2).length + 50);
}

function empty() {
  const said = { judge: words.empty_judge, supervisor: words.empty_supervisor, town: words.empty_town };
  return said[me.role] || words.empty_reporter;
}

function list() {
  const all = inOrder();
  const place = $("leads");
  place.textContent = "";
  const above = leads.above();
  place.append(...above);
  for (const message of all) place.append(listed(message, media(message), () => open(message.message_id)));
  if (!all.length && !above.length) place.append(element("p", "empty", empty()));
  const alarms = all.filter(waits);
  $("urgent").hidden = !alarms.length;
  $("urgent").textContent = put(words.urgent, { count: String(alarms.length) });
  $("tab-leads").dataset.count = alarms.length || "";
  waitsNow(alarms);
  if (frame.lead) drawLead();
}

// 照片 1 · 语音 3
function media(message) {
  const items = itemsOf(message);
  const count = (kind) => items.filter((one) => one[kind]).length;
  const kinds = [
    [words.photo, count("photo")],
    [words.voice, count("voice")],
    [words.place, count("location")],
    [words.file, count("document") + count("video")],
  ];
  return kinds.filter(([, many]) => many).map(([name, many]) => `${name} ${many}`);
}

const open = (messageId) => openLead(messageId, drawLead);

function drawLead() {
  const message = leads.cards.get(frame.lead);
  if (!message) {
    closeLead();
    return;
  }
  const place = $("lead-card");
  const before = place.firstElementChild;
  const made = leads.draw(message);
  if (before) keepOpen(before, made);
  const actions = made.querySelector(".actions"); // always in view, whatever has been said below the card
  if (actions) keepOpen($("lead-actions"), actions);
  $("lead-actions").textContent = "";
  if (actions) $("lead-actions").append(actions);
  const said = itemsOf(message);
  const grown = before && place.children.length <= said.length;
  place.textContent = "";
  place.append(made, ...said.map((one) => leads.draw(one)));
  if (grown) place.lastElementChild.scrollIntoView({ block: "end" }); // what has just come, or was just said
}

// What somebody has unfolded stays so when the card changes under their eyes.
export function keepOpen(before, item) {
  const folds = item.querySelectorAll("details");
  before.querySelectorAll("details").forEach((one, number) => {
    if (folds[number]) folds[number].open = one.open;
  });
}

// Those that the conversation's first page doesn't reach.
export async function takeCards() {
  try {
    const answer = await reach(`${base}/cards`);
    if (!answer.ok) return; // locked or signed out: the stream says so
    const { messages } = await within(answer.json());
    messages.reverse(); // the oldest first: what answers comes after what it answers
    const fresh = (one) => !leads.cards.has(one.message_id) && !leads.items.has(one.message_id);
    for (const message of messages) if (fresh(message)) note(message);
  } catch (error) {
    if (!isLine(error)) throw error; // they come with the stream, too
  }
}

$("urgent").addEventListener("click", () => {
  if (alarm.waiting.length === 1) open(alarm.waiting[0].message_id);
  else openTab("leads");
});
