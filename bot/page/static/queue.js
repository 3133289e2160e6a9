// What waits to be sent. It is kept in the phone's own database until the server has it, so that a page closed in
// between loses nothing. The id makes a repetition harmless; what was said first goes first, with the time at which it
// was said.

import { $, button, element, put } from "./dom.js";
import { base, isLine, post, reach, slug, toast, within } from "./line.js";
import { me } from "./me.js";
import { answer, talk, toEnd } from "./talk.js";
import { words } from "./words.js";

export const queue = {
  waiting: [],
  refused: [], // not taken as they were; they stay until somebody has them sent again
  sending: false,
  hurry() {}, // ends the pause before the next try
  ready: Promise.resolve(), // until what was left from before is in the queue, nothing new goes in front of it
  drawer: null, // the phone's own database
};

const newId = () => `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`;

const settled = (request) =>
  new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });

async function drawer(mode) {
  if (!queue.drawer) {
    const request = indexedDB.open("chuishao", 1);
    request.onupgradeneeded = () =>
      request.result.createObjectStore("waiting", { keyPath: "key", autoIncrement: true });
    queue.drawer = settled(request);
  }
  return (await queue.drawer).transaction("waiting", mode).objectStore("waiting");
}

// A browser without a database (a private window) keeps what waits as long as the page is open.
async function kept(work, mode = "readwrite") {
  try {
    return await settled(work(await drawer(mode)));
  } catch (error) {
    console.warn("not kept on the phone", error);
    return undefined;
  }
}

const unsent = async () => (await kept((store) => store.getAll(), "readonly")) || [];

export async function takeUp() {
  for (const entry of await unsent()) if (entry.slug === slug) enqueue(entry);
}

// What this person said in a chat that the phone has left since, before they joined again, is still to be said; what
// somebody else did, who has had the phone before, is not.
export async function adopt() {
  const taken = (entry) => [...queue.waiting, ...queue.refused].some((one) => one.key === entry.key);
  for (const entry of me.who ? await unsent() : []) {
    if (entry.slug === slug || entry.who !== me.who || taken(entry)) continue;
    if ((await isOver(entry.slug)) && !taken(entry)) enqueue(entry); // asked twice at once it is taken once
  }
  flush();
}

async function isOver(other) {
  try {
    return (await reach(`/c/${other}/session`)).status === 401;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return false;
  }
}

function enqueue(entry) {
  const item = element("li", "mine");
  const under = element("div", "under");
  item.append(element("div", "bubble", entry.preview), under);
  entry.item = item;
  entry.note = (text) => {
    under.textContent = text;
  };
  entry.offer = (text, act) => {
    under.textContent = "";
    under.append(button(text, act));
  };
  entry.note(navigator.onLine ? words.sending : words.waiting);
  $("messages").append(item);
  toEnd();
  if (!entry.refused) {
    queue.waiting.push(entry);
    return;
  }
  queue.refused.push(entry);
  entry.offer(words.failed, () => resend(entry));
}

// The page has been emptied; what waits is still to be seen.
export function showWaiting() {
  for (const entry of [...queue.refused, ...queue.waiting]) $("messages").append(entry.item);
}

// What the phone's database can hold of it.
const plain = ({ key, slug: chat, who, path, preview, at, body, refused }) =>
  Object.assign({ slug: chat, who, path, preview, at, body, refused }, key === undefined ? {} : { key });

export async function outgoing(path, body, preview) {
  await queue.ready;
  const entry = { slug, who: me.who, path, preview, at: Date.now(), body: { ...body, id: newId() } };
  entry.key = await kept((store) => store.add(entry));
  enqueue(entry);
  return flush();
}

export const upload = (blob, preview, more) => outgoing("file", { file: blob, ...more }, preview);

async function drop(entry) {
  queue.waiting.splice(queue.waiting.indexOf(entry), 1);
  if (entry.key !== undefined) await kept((store) => store.delete(entry.key));
}

// Sends one. Returns "sent", "refused", "later", or "stop" where the page isn't open.
async function send(entry) {
  entry.note(words.sending);
  const said = await post(`${base}/${entry.path}`, formed(entry));
  if ([401, 423].includes(said.status)) return "stop"; // it stays on the phone
  const stored = said.ok ? await within(said.json()) : {};
  if (Number.isInteger(stored.message_id)) {
    // the server's word, not that of a hotel's portal on the way
    if (stored.slow) toast(words.slow);
    await drop(entry);
    if (talk.shown.has(stored.message_id)) entry.item.remove();
    else claim(entry, stored.message_id);
    return "sent";
  }
  return [400, 413, 415].includes(said.status) ? "refused" : "later";
}

async function setAside(entry) {
  queue.waiting.splice(queue.waiting.indexOf(entry), 1);
  entry.refused = true;
  await kept((store) => store.put(plain(entry)));
  queue.refused.push(entry);
  entry.offer(words.failed, () => resend(entry));
}

export async function flush() {
  if (queue.sending) {
    queue.hurry();
    return;
  }
  queue.sending = true;
  let pause = 1000;
  try {
    while (queue.waiting.length) {
      const how = await sendFirst();
      if (how === "stop") break;
      if (how !== "later") {
        pause = 1000;
        continue;
      }
      for (const one of queue.waiting) one.note(words.waiting);
      await new Promise((done) => {
        queue.hurry = done;
        setTimeout(done, pause);
      });
      pause = Math.min(pause * 2, 15000);
    }
  } finally {
    queue.sending = false;
  }
}

async function sendFirst() {
  const entry = queue.waiting[0];
  try {
    const how = await send(entry);
    if (how === "refused") await setAside(entry);
    return how;
  } catch (error) {
    if (!isLine(error)) throw error;
    return "later";
  }
}

// A sentence comes back into the box, to be changed; anything else is sent once more.
async function resend(entry) {
  entry.item.remove();
  queue.refused.splice(queue.refused.indexOf(entry), 1);
  if (entry.body.text) {
    if (entry.key !== undefined) await kept((store) => store.delete(entry.key));
    const typed = $("text").value.trim();
    $("text").value = typed ? `${typed}\n${entry.body.text}` : entry.body.text;
    answer(talk.told.get(entry.body.reply_to) || null);
    $("text").focus();
    return;
  }
  if (entry.body.caption && !$("text").value) $("text").value = entry.body.caption; // the photo may be refused again
  entry.refused = false;
  await kept((store) => store.put(plain(entry)));
  enqueue(entry);
  flush();
}

function formed(entry) {
  const body = { ...entry.body, waited: Date.now() - entry.at };
  if (!body.file) return body;
  const form = new FormData();
  form.append("id", body.id);
  form.append("waited", body.waited);
  for (const name of ["seconds", "caption"]) if (body[name]) form.append(name, body[name]);
  form.append("file", body.file, "file");
  return form;
}

function claim(entry, messageId) {
  entry.item.dataset.id = messageId;
  talk.shown.set(messageId, entry.item);
}

// Who leaves a phone to others is asked about what never went out; what they don't answer stays for them.
export async function offerToDrop() {
  const left = (await unsent()).filter((entry) => entry.slug === slug);
  if (!left.length) return;
  const asked = element("p", "", put(words.unsent_left, { count: left.length }));
  const dropAll = button(words.unsent_drop, async () => {
    for (const entry of left) await kept((store) => store.delete(entry.key));
    queue.waiting.length = queue.refused.length = 0;
    asked.textContent = words.unsent_dropped;
  });
  asked.append(" ", dropAll);
  $("line").append(asked);
}

addEventListener("online", () => queue.hurry());
