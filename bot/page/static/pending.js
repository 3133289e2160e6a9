// What nobody has answered in the area of who watches over it: rows above their own cards.

import { say } from "./composer.js";
import { listed } from "./card.js";
import { openTab } from "./frame.js";
import { leads, listSoon } from "./leads.js";
import { base, isLine, post, within } from "./line.js";

const pending = { known: "", rows: [] };

// Asks again where there are more or fewer, or another: each asking is noted.
export async function lookAgain(count, newest) {
  const now = `${count} ${newest}`;
  if (now === pending.known) return;
  pending.known = now;
  pending.rows = [];
  if (count) {
    try {
      const answer = await post(`${base}/pending`, {});
      if (answer.ok) pending.rows = (await within(answer.json())).leads;
    } catch (error) {
      if (!isLine(error)) throw error;
      pending.known = ""; // no signal: with the next word from the server
    }
  }
  listSoon();
}

// Those that this person holds themselves are cards already.
leads.above = () => {
  const mine = new Set([...leads.cards.values()].map((one) => one.card.of));
  const others = pending.rows.filter((one) => !mine.has(one.number));
  return others.map((one) => {
    const card = { who: one.who, where: one.where, at: one.at, state: one.how, mood: "alarm" };
    return listed({ card }, [], () => {
      openTab("talk");
      say(`/lead ${one.number}`);
    });
  });
};
