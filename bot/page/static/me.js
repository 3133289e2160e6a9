// Who holds the page, as the server says it.

import { memory, slug } from "./line.js";

export const me = {
  role: null, // judge, supervisor, town, reporter; null until the server has said it
  who: slug ? memory.get(`who-${slug}`) || "" : "", // the person's own mark, from the last time until it is said again
  names: JSON.parse(memory.get("names") || "{}"), // what the commands are called in the menu
  first: 0, // the number of the first message that is theirs
  pinned: false, // whether the page locks itself
};

export function isNow(who) {
  if (who === me.who) return;
  me.who = who;
  memory.set(`who-${slug}`, who);
}

export function calledNow(commands) {
  me.names = {};
  for (const { command, description } of commands) me.names[command] = description;
  memory.set("names", JSON.stringify(me.names));
}
