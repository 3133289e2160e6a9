// Leads and reports, a row each; a tap opens one over the screen.

import { listed } from "./card.js";
import { $, element, put } from "./dom.js";
import { closeLead, frame, openLead, openTab } from "./frame.js";
import { base, isLine, reach, within } from "./line.js";
import { me } from "./me.js";
import { waits } from "./message.js";
import { alarm, waitsNow } from "./ring.js";
import { words } from "./words.js";

// `cards`: message number -> the card of a lead or report, wherever the conversation has scrolled to. `draw` is given.
export const leads = { cards: new Map(), draw() {} };

export function note(message) {
  if (message.card && message.card.noun) leads.cards.set(message.message_id, message);
  listSoon();
}

export function forget(messageId) {
  leads.cards.delete(messageId);
  listSoon();
}

export function forgetAll() {
  leads.cards.clear();
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
  for (const message of all) place.append(listed(message, () => open(message.message_id)));
  if (!all.length) place.append(element("p", "empty", empty()));
  const alarms = all.filter(waits);
  $("urgent").hidden = !alarms.length;
  $("urgent").textContent = put(words.urgent, { count: String(alarms.length) });
  $("tab-leads").dataset.count = alarms.length || "";
  waitsNow(alarms);
  if (frame.lead) drawLead();
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
  place.textContent = "";
  place.append(made);
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
    for (const message of messages) if (!leads.cards.has(message.message_id)) note(message);
  } catch (error) {
    if (!isLine(error)) throw error; // they come with the stream, too
  }
}

$("urgent").addEventListener("click", () => {
  if (alarm.waiting.length === 1) open(alarm.waiting[0].message_id);
  else openTab("leads");
});
