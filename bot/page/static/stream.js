// What comes from the server: by a stream, and by asking where something on the way keeps the stream back.

import { base, heed, isLine, line, lineIs, reach, toast, within } from "./line.js";
import { isLocked, lock, open } from "./lock.js";
import { call } from "./ring.js";
import { gone, show, talk } from "./talk.js";
import { words } from "./words.js";

export const stream = {
  source: null,
  patience: 0, // the timer that gives a stream up that never speaks
  again: 0, // the timer that tries anew
  heardAt: 0,
  person() {}, // hears what the server says about whoever holds the page
};

const SILENT = 40000; // the server says something every 15 s: a line that is silent for so long is dead, however open it looks

export function deaf() {
  if (stream.source) stream.source.close();
  stream.source = null;
  clearTimeout(stream.patience);
  clearTimeout(stream.again);
}

function listenAnew() {
  deaf();
  listen();
}

function changed({ message, deleted }, seq) {
  talk.last = seq;
  if (!message) {
    gone(deleted);
    return;
  }
  if (!talk.loaded) talk.edge = Math.min(talk.edge, message.message_id);
  else if (message.message_id < talk.edge) return; // comes as it is by then, with what was said around it
  show(message);
}

const since = () => (isLocked() ? lock.rung : talk.last);

export function listen() {
  const mine = new EventSource(`${base}/events?after=${since()}`);
  stream.source = mine;
  const heard = () => {
    clearTimeout(stream.patience);
    stream.heardAt = Date.now();
  };
  const on = (name, act) =>
    mine.addEventListener(name, (event) => {
      heard();
      act(event.data ? JSON.parse(event.data) : null, Number(event.lastEventId));
    });
  stream.heardAt = Date.now();
  stream.patience = setTimeout(() => {
    mine.close();
    ask(mine);
  }, 10000);
  on("message", changed);
  on("toast", ({ text }) => toast(text));
  on("person", (now) => stream.person(now));
  on("locked", (_, seq) => {
    line.locked();
    lock.rung = seq;
  });
  on("ring", ({ loud }) => call(loud));
  on("unlocked", open); // in another tab
  on("alive", () => {});
  mine.addEventListener("open", () => lineIs(""));
  mine.addEventListener("error", async () => {
    lineIs(words.offline);
    if (mine.readyState !== EventSource.CLOSED) return;
    heard();
    if ((await stillHere()) && stream.source === mine) stream.again = setTimeout(listen, 3000);
  });
}

// Whether the page is signed in, be it locked or not; without a signal nobody knows.
export async function stillHere() {
  try {
    const answer = await reach(`${base}/session`);
    heed(answer);
    return answer.status !== 401;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return true;
  }
}

// Asking again and again; after a while the stream is tried anew.
async function ask(mine) {
  for (let times = 0; times < 100 && stream.source === mine; times += 1) {
    try {
      if (!(await askOnce())) return;
      lineIs("");
    } catch (error) {
      if (!isLine(error)) throw error;
      lineIs(words.offline);
    }
    await new Promise((done) => setTimeout(done, 3000));
  }
  if (stream.source === mine) listen();
}

// Returns false where there is nothing more to ask for.
async function askOnce() {
  const answer = await reach(`${base}/changes?after=${since()}`);
  if (answer.status === 401) {
    heed(answer);
    return false;
  }
  const now = await within(answer.json());
  if ("locked" in now) {
    line.locked();
    lock.rung = now.locked;
    if (now.ring) call(now.ring.loud);
    return true;
  }
  for (const one of now.messages) changed(one, one.seq);
  for (const one of now.toasts) toast(one.text);
  if (!now.person) return true;
  if (isLocked()) {
    open();
    return false;
  }
  await stream.person(now.person);
  return true;
}

setInterval(() => {
  const { source } = stream;
  if (!source || source.readyState !== EventSource.OPEN || Date.now() - stream.heardAt < SILENT) return;
  lineIs(words.offline);
  listenAnew();
}, 5000);

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && stream.source && Date.now() - stream.heardAt > 5000) listenAnew(); // whoever comes back looks
});
