// One conversation with the bot, for phones as old as Chrome 80. No framework, no other host.

import { actions, ageAnew, body as drawCard, button, element, link, linked, maps, put, row as rowOf } from "./card.js";

const $ = (id) => document.getElementById(id);
const slug = (location.pathname.match(/^\/c\/([\w-]+)\/$/) || [])[1];
const base = slug ? `/c/${slug}` : "";
let words = {};
let language = "zh_Hans";
let last = 0;
let answering = null;
let loaded = false;
let stream = null;
const shown = new Map(); // message id -> list item
const told = new Map(); // message id -> the message, to be drawn again in another language

// What the browser remembers for the page; one that keeps nothing (some apps' own browsers) is asked again each time.
const memory = {
  get(name) { try { return localStorage.getItem(name); } catch (error) { return null; } },
  set(name, value) { try { localStorage.setItem(name, value); } catch (error) { console.warn("not remembered", name); } },
  drop(name) { try { localStorage.removeItem(name); } catch (error) { console.warn("not forgotten", name); } },
};

// -- words -----------------------------------------------------------------------------------------------------------

async function loadWords(wanted) {
  words = await within((await reach(`/words/${wanted}`)).json());
  language = wanted;
  memory.set("language", wanted);
  document.documentElement.lang = wanted.replace("_", "-");
  document.title = words.title;
  for (const part of document.querySelectorAll("[data-word]")) part.textContent = words[part.dataset.word];
  for (const part of document.querySelectorAll("[data-hint]")) {
    part.placeholder = words[part.dataset.hint];
    part.setAttribute("aria-label", words[part.dataset.hint]);
  }
}

function line(text) {
  $("line").textContent = text || "";
  $("line").hidden = !text;
  if (text === words.offline && words.phone) $("line").append(" ", link(`tel:${words.phone}`, put(words.call_court, { phone: words.phone })));
  $("state").className = text ? "off" : "on";
  $("state").textContent = text ? words.state_off : words.state_on;
}

let toastEnds = 0;
function toast(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(toastEnds);
  toastEnds = setTimeout(() => { $("toast").hidden = true; }, 3500);
}

// -- talking to the server ---------------------------------------------------------------------------------------------

const newId = () => `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`;

// A line that is there and carries nothing is no line: fetch itself would wait for minutes.
async function reach(path, options, seconds = 20) {
  const control = new AbortController();
  const ends = setTimeout(() => control.abort(), seconds * 1000);
  try {
    return await fetch(path, Object.assign({ signal: control.signal }, options));
  } catch (error) {
    throw error.name === "AbortError" ? new TypeError("no answer") : error;
  } finally {
    clearTimeout(ends);
  }
}

const within = (work, seconds = 20) => Promise.race([
  work, new Promise((_, failed) => setTimeout(() => failed(new TypeError("no answer")), seconds * 1000)),
]);

const trouble = { 413: "too_big", 415: "not_a_photo", 429: "join_many" };

async function post(path, body) {
  const form = body instanceof FormData;
  const headers = form ? {} : { "Content-Type": "application/json" };
  const options = { method: "POST", headers, body: form ? body : JSON.stringify(body) };
  const answer = await reach(path, options, form ? 180 : 20);
  if (answer.status === 401) signedOut();
  if (answer.status === 423) lock();
  if (answer.status >= 500) toast(put(words.not_logged, { phone: words.phone }));
  else if (answer.status === 413 && !answer.headers.has("X-Chuishao")) toast(words.between_too_big);
  else if (answer.headers.get("X-Chuishao") === "today") toast(words.too_much_today);
  else if (answer.status === 429 && path.endsWith("/tap")) toast(words.tap_many);
  else if (trouble[answer.status]) toast(words[form || answer.status !== 413 ? trouble[answer.status] : "too_long"]);
  return answer;
}

function blank() {
  $("me").textContent = "";
  $("messages").textContent = ""; // whoever has the phone now reads nothing here
  $("leads").textContent = "";
  closeLead();
  shown.clear();
  told.clear();
  cards.clear();
  listSoon();
  last = 0;
  edge = Infinity;
  loaded = false;
}

function deaf() {
  if (stream) stream.close();
  stream = null;
  clearTimeout(patience);
  clearTimeout(again);
}

function signedOut() {
  deaf();
  blank();
  line(words.signed_out + (words.phone ? put(words.signed_out_call, { phone: words.phone }) : ""));
  $("locked").hidden = true;
  $("chat").hidden = false;
  for (const part of ["say", "urgent", "tabs", "leads", "earlier", "waiting", "board", "menu", "wake", "asleep", "set-pin"]) $(part).hidden = true;
  $("again").hidden = false;
  if (memory.get("chat") === slug) memory.drop("chat");
  memory.drop(`who-${slug}`);
  offerToDrop();
}

// Who leaves a phone to others is asked about what never went out; what they don't answer stays for them.
async function offerToDrop() {
  const left = (await unsent()).filter((entry) => entry.slug === slug);
  if (!left.length) return;
  const asked = element("p", "", put(words.unsent_left, { count: left.length }));
  asked.append(" ", button(words.unsent_drop, async () => {
    for (const entry of left) await kept((store) => store.delete(entry.key));
    waiting.length = refused.length = 0;
    asked.textContent = words.unsent_dropped;
  }));
  $("line").append(asked);
}

// -- a page that locks itself: a phone that several people pick up ---------------------------------------------------------
// It shows nothing, and goes on listening: an alert rings behind the lock, too.

function lock() {
  if (!$("locked").hidden) return; // said twice: what is being typed stays
  blank();
  $("chat").hidden = true;
  $("locked").hidden = false;
  $("pin").value = "";
  $("pin").focus();
}

async function unlock(body) {
  try {
    const answer = await post(`${base}/unlock`, body);
    if (answer.status === 403) toast(words.pin_wrong);
    if (!answer.ok) return;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    toast(words.offline);
    return;
  }
  unlocked();
}

function unlocked() {
  $("locked").hidden = true;
  $("chat").hidden = false;
  deaf();
  blank();
  for (const entry of [...refused, ...waiting]) $("messages").append(entry.item);
  rung = 0;
  listen();
  flush();
}

let rung = 0; // up to where a locked page has been told what came
let pinned = false;
let touched = 0;
async function touch() { // reading is being there, too: told at most once a minute
  if (!pinned || Date.now() - touched < 60000) return;
  touched = Date.now();
  try {
    await post(`${base}/awake`, {});
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // no signal: it locks itself in time
  }
}

async function keepPin(pin) {
  if (pin && !/^[0-9]{4,6}$/.test(pin)) { toast(words.pin_how); return; }
  try {
    const answer = await post(`${base}/pin`, { pin });
    if (answer.ok) { $("set-pin").hidden = true; toast(pin ? words.pin_kept : words.pin_gone); }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    toast(words.offline);
  }
}

// -- what waits to be sent ---------------------------------------------------------------------------------------------
// It is kept in the phone's own database until the server has it, so that a page closed in between loses nothing. The
// id makes a repetition harmless; what was said first goes first, with the time at which it was said.

const waiting = [];
const refused = []; // not taken as they were; they stay until somebody has them sent again
let sending = false;
let hurry = () => {};
let who = slug ? memory.get(`who-${slug}`) || "" : "";
let ready = Promise.resolve(); // until what was left from before is in the queue, nothing new goes in front of it

const settled = (request) => new Promise((done, failed) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => failed(request.error);
});

let opened = null;
async function drawer(mode) {
  if (!opened) {
    const request = indexedDB.open("chuishao", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("waiting", { keyPath: "key", autoIncrement: true });
    opened = settled(request);
  }
  return (await opened).transaction("waiting", mode).objectStore("waiting");
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

async function takeUp() {
  for (const entry of await unsent()) if (entry.slug === slug) enqueue(entry);
}

const unsent = async () => (await kept((store) => store.getAll(), "readonly")) || [];

// What this person said in a chat that the phone has left since, before they joined again, is still to be said; what
// somebody else did, who has had the phone before, is not.
async function adopt() {
  const taken = (entry) => [...waiting, ...refused].some((one) => one.key === entry.key);
  for (const entry of who ? await unsent() : []) {
    if (entry.slug === slug || entry.who !== who || taken(entry)) continue;
    if (await isOver(entry.slug) && !taken(entry)) enqueue(entry); // asked twice at once it is taken once
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
  entry.note = (text) => { under.textContent = text; };
  entry.offer = (text, act) => { under.textContent = ""; under.append(button(text, act)); };
  entry.note(navigator.onLine ? words.sending : words.waiting);
  $("messages").append(item);
  toEnd();
  if (!entry.refused) { waiting.push(entry); return; }
  refused.push(entry);
  entry.offer(words.failed, () => resend(entry));
}

// What the phone's database can hold of it.
const plain = ({ key, slug: chat, who: person, path, preview, at, body, refused: no }) =>
  Object.assign({ slug: chat, who: person, path, preview, at, body, refused: no }, key === undefined ? {} : { key });

async function outgoing(path, body, preview) {
  await ready;
  const entry = { slug, who, path, preview, at: Date.now(), body: { ...body, id: newId() } };
  entry.key = await kept((store) => store.add(entry));
  enqueue(entry);
  return flush();
}

async function drop(entry) {
  waiting.splice(waiting.indexOf(entry), 1);
  if (entry.key !== undefined) await kept((store) => store.delete(entry.key));
}

async function flush() {
  if (sending) { hurry(); return; }
  sending = true;
  let pause = 1000;
  while (waiting.length) {
    const entry = waiting[0];
    let sent = false;
    try {
      entry.note(words.sending);
      const answer = await post(`${base}/${entry.path}`, formed(entry));
      if ([401, 423].includes(answer.status)) break; // it stays on the phone
      const stored = answer.ok ? await within(answer.json()) : {};
      if (Number.isInteger(stored.message_id)) { // the server's word, not that of a hotel's portal on the way
        sent = true;
        if (stored.slow) toast(words.slow);
        await drop(entry);
        if (shown.has(stored.message_id)) entry.item.remove(); else claim(entry, stored.message_id);
      } else if ([400, 413, 415].includes(answer.status)) { // not taken as it is
        sent = true;
        waiting.splice(waiting.indexOf(entry), 1);
        entry.refused = true;
        await kept((store) => store.put(plain(entry)));
        refused.push(entry);
        entry.offer(words.failed, () => resend(entry));
      }
    } catch (error) {
      // fetch's word for no connection, and json's for an answer that isn't the server's
      if (!(error instanceof TypeError || error instanceof SyntaxError)) { sending = false; throw error; }
    }
    if (sent) { pause = 1000; continue; }
    for (const one of waiting) one.note(words.waiting);
    await new Promise((done) => { hurry = done; setTimeout(done, pause); });
    pause = Math.min(pause * 2, 15000);
  }
  sending = false;
}

// A sentence comes back into the box, to be changed; anything else is sent once more.
async function resend(entry) {
  entry.item.remove();
  refused.splice(refused.indexOf(entry), 1);
  if (entry.body.text) {
    if (entry.key !== undefined) await kept((store) => store.delete(entry.key));
    const typed = $("text").value.trim();
    $("text").value = typed ? `${typed}\n${entry.body.text}` : entry.body.text;
    answer(told.get(entry.body.reply_to) || null);
    $("text").focus();
    return;
  }
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
  form.append("file", body.file, "file");
  return form;
}

function claim(entry, messageId) {
  entry.item.dataset.id = messageId;
  shown.set(messageId, entry.item);
}

// -- showing messages --------------------------------------------------------------------------------------------------

// Text with what the Bot API marks in it, and with phone numbers that can be called with one tap.
function formatted(text, entities) {
  const whole = document.createDocumentFragment();
  let at = 0;
  const tags = { bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre", blockquote: "blockquote", expandable_blockquote: "blockquote" };
  for (const entity of (entities || []).slice().sort((a, b) => a.offset - b.offset)) {
    if (entity.offset < at) continue;
    linked(whole, text.slice(at, entity.offset));
    const part = text.slice(entity.offset, entity.offset + entity.length);
    if (entity.type === "text_link" && /^(https?|tel):/.test(entity.url)) whole.append(link(entity.url, part));
    else if (entity.type === "url") linked(whole, part);
    else whole.append(element(tags[entity.type] || "span", "", part));
    at = entity.offset + entity.length;
  }
  linked(whole, text.slice(at));
  return whole;
}

// The clock on the wall in Zhejiang, wherever the phone thinks it is: the cards' times are the same.
const wall = new Intl.DateTimeFormat("zh-CN", {
  timeZone: "Asia/Shanghai", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});

function clock(seconds) {
  const [then, today] = [new Date(seconds * 1000), new Date()].map((one) => wall.formatToParts(one));
  const part = (parts, type) => parts.find((one) => one.type === type).value;
  const day = (parts) => `${part(parts, "month")}-${part(parts, "day")}`;
  const time = `${part(then, "hour")}:${part(then, "minute")}`;
  if (part(then, "year") !== part(today, "year")) return `${part(then, "year")}-${day(then)} ${time}`;
  return day(then) === day(today) ? time : `${day(then)} ${time}`;
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
    const { file_id, file_name } = message.document;
    const file = link(`${base}/file/${file_id}`, `📄 ${file_name || words.file}`);
    file.download = file_name || "";
    bubble.append(file);
  }
  if (message.voice) {
    const sound = element("audio");
    sound.controls = true;
    sound.preload = "none";
    sound.src = `${base}/file/${message.voice.file_id}`;
    bubble.append(sound);
  }
  if (message.location) {
    const { latitude, longitude } = message.location;
    bubble.append(element("p", "", `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`), maps(words, "", [latitude, longitude]));
    far(latitude, longitude, bubble);
  }
}

function quoteOf(message) {
  return (message.text || message.caption || words.photo_alt).split("\n")[0];
}

function draw(message) {
  const mine = !message.from.is_bot;
  const item = element("li", mine ? "mine" : waits(message) ? "theirs urgent" : "theirs");
  item.dataset.id = message.message_id;
  const keyboard = (message.reply_markup || {}).inline_keyboard || [];
  const act = (data) => tap(message.message_id, data);
  if (message.card) {
    item.append(drawCard(message.card, words));
    if (keyboard.length) item.append(actions(message.card, keyboard, words, act));
    item.append(under(message, message.card.noun === "lead"));
    return item;
  }
  const bubble = element("div", "bubble");
  if (message.reply_to_message) bubble.append(element("span", "quote", quoteOf(message.reply_to_message)));
  media(message, bubble);
  const text = message.text || message.caption || "";
  if (text) bubble.append(formatted(text, message.entities || message.caption_entities));
  const invitation = mine ? null : text.match(/\/#([\w-]{16,64})(\s|$)/);
  if (invitation) { // to be scanned from the other phone, or sent to it
    const picture = element("img");
    picture.src = `/qr/${invitation[1]}`;
    picture.alt = words.qr;
    bubble.append(element("div", "", words.qr), picture, handOn(text));
  }
  item.append(bubble);
  for (const buttons of keyboard) {
    const row = element("div", "row");
    for (const one of buttons) row.append(button(one.text, () => act(one.callback_data)));
    item.append(row);
  }
  const answers = keyboard.length || message.asks_reply || message.photo || message.voice || /“/.test(text);
  item.append(under(message, !mine && answers));
  return item;
}

// When it was said; what somebody may want to answer can be answered. A sentence of the system's can't.
function under(message, answers) {
  const made = element("div", "under", clock(message.edit_date || message.date));
  if (answers) made.append(button(words.reply, () => { closeLead(); openTab("talk"); answer(message); }));
  return made;
}

// An invitation is copied, or handed to whatever app the person writes with.
function handOn(text) {
  const row = element("div", "row");
  row.append(button(words.copy, async () => {
    try { await navigator.clipboard.writeText(text); toast(words.copied); } catch (error) { toast(words.copy_failed); }
  }));
  if (navigator.share) row.append(button(words.share, () => navigator.share({ text }).catch((error) => console.warn("not shared", error.name))));
  return row;
}

// A picture over the whole screen: two fingers make it larger, a tap closes it.
function look(source) {
  const made = button("", () => { made.remove(); }, "look");
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
  navigator.geolocation.getCurrentPosition(({ coords }) => {
    const arc = Math.PI / 180;
    const [x, y] = [(longitude - coords.longitude) * arc * Math.cos(latitude * arc), (latitude - coords.latitude) * arc];
    bubble.append(element("p", "", put(words.far, { count: (6371 * Math.hypot(x, y)).toFixed(1) })));
  }, () => {}, { maximumAge: 60000 });
}

let expecting = 0; // what answers one's own action is shown, wherever one has scrolled to
function show(message, old = false) {
  if (!message.from.is_bot && /^\/start( |$)/.test(message.text || "")) return; // joining is nothing to talk about
  const list = $("messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 120;
  const before = shown.get(message.message_id);
  const item = draw(message);
  if (before) {
    keepOpen(before, item);
    before.replaceWith(item);
  } else {
    const next = [...list.children].find((one) => (one.dataset.id ? Number(one.dataset.id) > message.message_id : one !== divider));
    list.insertBefore(item, next || null);
  }
  shown.set(message.message_id, item);
  told.set(message.message_id, message);
  note(message);
  const fresh = loaded && message.from.is_bot && !message.silent && !before;
  const loud = item.classList.contains("urgent");
  if (fresh && loud) cameAt.set(message.message_id, Date.now());
  if (fresh) { mark(item); call(loud); item.classList.add("flash"); }
  if (old) return;
  const last = item === list.lastElementChild;
  if (before) { if (atEnd && last) list.scrollTop = list.scrollHeight; return; } // an edit moves nothing else
  const tall = item.offsetHeight > list.clientHeight; // then its beginning, which says who and where
  const answers = fresh && Date.now() - expecting < 5000;
  if (answers) expecting = 0;
  if (atEnd || !loaded || answers) item.scrollIntoView({ block: tall ? "start" : "end" });
  else if (fresh) below(1); // who reads what was said before isn't pulled away from it
  if (fresh && message.asks_reply) { openTab("talk"); answer(message); }
}

// What somebody has unfolded stays so when the card changes under their eyes.
function keepOpen(before, item) {
  const folds = item.querySelectorAll("details");
  before.querySelectorAll("details").forEach((one, number) => { if (folds[number]) folds[number].open = one.open; });
}

let news = 0;
function below(more) {
  news = more ? news + more : 0;
  $("below").hidden = !news;
  $("below").textContent = put(words.below, { count: String(news) });
}

function toEnd() {
  $("messages").scrollTop = $("messages").scrollHeight;
  below(0);
}

const offers = (message, verb) => ((message.reply_markup || {}).inline_keyboard || [])
  .some((row) => row.some((one) => (one.callback_data || "").startsWith(`1:${verb}:`)));
const waits = (message) => (message.card ? message.card.mood === "alarm" : offers(message, "ack"));

// Above the first thing that came while nobody was looking.
let divider = null;
function mark(item) {
  if (!document.hidden || unread) return;
  if (divider) divider.remove();
  divider = element("li", "divider", words.unread);
  item.before(divider);
}

// -- leads and reports, a row each ---------------------------------------------------------------------------------------

const cards = new Map(); // message id -> the card of a lead or report, wherever the conversation has scrolled to

function note(message) {
  if (message.card && message.card.noun) cards.set(message.message_id, message);
  listSoon();
}

let listing = 0;
function listSoon() { // a hundred that come at once are listed once
  clearTimeout(listing);
  listing = setTimeout(list, 30);
}

// First what nobody has answered, the newest on top, for there it is likeliest that somebody is still where they were
// seen; then what has been answered and isn't over; then what is, the last fifty.
const ranks = { alarm: 0, hand: 1, done: 2, over: 2 };
function inOrder() {
  const all = [...cards.values()].sort((a, b) => ranks[a.card.mood] - ranks[b.card.mood] || b.message_id - a.message_id);
  return all.filter((one) => ranks[one.card.mood] < 2).concat(all.filter((one) => ranks[one.card.mood] === 2).slice(0, 50));
}

function list() {
  const all = inOrder();
  const place = $("leads");
  place.textContent = "";
  for (const message of all) place.append(rowOf(message, words, () => openLead(message.message_id)));
  if (!all.length) place.append(element("p", "empty", empty()));
  const alarms = all.filter(waits);
  $("urgent").hidden = !alarms.length;
  $("urgent").textContent = put(words.urgent, { count: String(alarms.length) });
  $("tab-leads").dataset.count = alarms.length || "";
  if (navigator.setAppBadge) navigator.setAppBadge(alarms.length).catch((error) => console.warn("no badge", error.name));
  waitingNow = alarms;
  title();
  if (leadShown) drawLead();
}

const empty = () => ({ judge: words.empty_judge, supervisor: words.empty_supervisor, town: words.empty_town }[role] || words.empty_reporter);

let leadShown = 0;
function openLead(messageId) {
  if (!leadShown) history.pushState({ lead: messageId }, "");
  leadShown = messageId;
  drawLead();
  $("lead").hidden = false;
  $("lead").scrollTop = 0;
  $("lead-back").focus();
}

function drawLead() {
  const message = cards.get(leadShown);
  if (!message) { closeLead(); return; }
  const place = $("lead-card");
  const before = place.firstElementChild;
  const made = draw(message);
  if (before) keepOpen(before, made);
  place.textContent = "";
  place.append(made);
}

function closeLead(back = true) {
  if (!leadShown) return;
  leadShown = 0;
  $("lead").hidden = true;
  $("lead-card").textContent = "";
  if (back) history.back();
}
addEventListener("popstate", () => closeLead(false));

function showUrgent() {
  if (waitingNow.length === 1) openLead(waitingNow[0].message_id);
  else openTab("leads");
}

async function takeCards() {
  try {
    const answer = await reach(`${base}/cards`);
    if (!answer.ok) return; // locked or signed out: the stream says so
    for (const message of (await within(answer.json())).messages) if (!cards.has(message.message_id)) note(message);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error; // they come with the stream, too
  }
}

function openTab(name) {
  $("leads").hidden = name !== "leads";
  for (const part of ["messages", "earlier-row"]) $(part).hidden = name === "leads";
  for (const one of ["leads", "talk"]) $(`tab-${one}`).setAttribute("aria-selected", String(one === name));
  if (name === "talk" && !news) toEnd();
}

setInterval(() => { ageAnew(document, words); }, 20000);

// -- what was said before ----------------------------------------------------------------------------------------------

let edge = Infinity; // from this message on everything is here
let first = 0;
function offerEarlier() {
  $("earlier").hidden = edge <= first || edge === Infinity;
}

async function earlier() {
  try {
    const answer = await reach(`${base}/earlier?before=${edge}`);
    if (!answer.ok) { await stillHere(); return; }
    const { messages } = await within(answer.json());
    const list = $("messages");
    const below = list.scrollHeight - list.scrollTop;
    loaded = false;
    for (const message of messages) show(message, true);
    loaded = true;
    edge = messages.length ? messages[0].message_id : first;
    list.scrollTop = list.scrollHeight - below; // what was being read stays where it is
    offerEarlier();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
    toast(words.offline);
  }
}

let sound = null;
function ring() {
  try {
    sound = sound || new AudioContext();
    for (const [at, tone] of [[0, 880], [0.25, 1175], [0.5, 880]]) {
      const [wave, loud] = [sound.createOscillator(), sound.createGain()];
      wave.frequency.value = tone;
      loud.gain.setValueAtTime(0.4, sound.currentTime + at);
      loud.gain.exponentialRampToValueAtTime(0.001, sound.currentTime + at + 0.22);
      wave.connect(loud).connect(sound.destination);
      wave.start(sound.currentTime + at);
      wave.stop(sound.currentTime + at + 0.24);
    }
  } catch (error) {
    console.warn("no sound", error); // an old browser, or nobody has touched the page yet
  }
}

let unread = 0;
let blinking = 0;
let waitingNow = [];
function call(loud) {
  if (navigator.vibrate) navigator.vibrate(loud ? [300, 120, 300, 120, 300] : [120, 80, 120]);
  if (loud) ring();
  if (!document.hidden) return;
  unread += 1;
  if (!blinking) blinking = setInterval(() => { blink = !blink; title(); }, 1000);
  title();
}

let blink = true;
function title() {
  const count = unread || waitingNow.length;
  document.title = count && (blink || !unread) ? `(${count}) ${words.title}` : words.title || "";
}

// What came while the page was open goes on ringing until somebody answers, or so long that the ladder has called the
// next one. By the phone's own clock, which may be wrong, but runs.
const RINGS_FOR = 180000;
const cameAt = new Map();
setInterval(() => {
  if (!waitingNow.some((one) => Date.now() - (cameAt.get(one.message_id) || 0) < RINGS_FOR)) return;
  if (navigator.vibrate) navigator.vibrate([300, 120, 300]);
  ring();
}, 8000);

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  clearInterval(blinking);
  unread = blinking = 0;
  if (words.title) title();
  if (stream && Date.now() - heardAt > 5000) listenAnew(); // whoever comes back looks at once
});

function gone(messageId) {
  const item = shown.get(messageId);
  if (item) item.remove();
  shown.delete(messageId);
  told.delete(messageId);
  cards.delete(messageId);
  listSoon();
}

async function tap(messageId, data) {
  expecting = Date.now();
  try {
    await post(`${base}/tap`, { message_id: messageId, data });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    toast(words.offline);
  }
}

function answer(message) {
  answering = message ? message.message_id : null;
  $("replying").hidden = !message;
  if (message) {
    $("replying").firstElementChild.textContent = `${words.reply}：${quoteOf(message)}`;
    $("text").focus();
  }
}

// -- what the person does ----------------------------------------------------------------------------------------------

function say(text) {
  expecting = Date.now();
  closeLead();
  openTab("talk");
  const body = { text };
  if (answering) body.reply_to = answering;
  answer(null);
  if (divider) divider.remove();
  return outgoing("say", body, text);
}

let offered = "";
function menu(commands, groups) {
  const now = JSON.stringify([language, commands, role]);
  if (now === offered) return; // built anew under a finger it would lose the tap
  offered = now;
  const place = $("menu");
  place.textContent = "";
  if (role !== "supervisor") place.append(button(words.place, () => { openMenu(false); sendPlace(); }));
  let group = "";
  for (const one of commands) {
    if (groups[one.command] && groups[one.command] !== group) {
      group = groups[one.command];
      place.append(element("h2", "group", group));
    }
    place.append(button(one.description, () => { openMenu(false); say(`/${one.command}`); }));
  }
  const about = document.createElement("p");
  about.className = "about";
  about.textContent = put(words.about, { version: words.version });
  place.append(about);
  place.append(button(words.pin, () => { openMenu(false); $("set-pin").hidden = false; $("new-pin").value = ""; $("new-pin").focus(); }));
}

function openMenu(open) {
  $("menu").hidden = !open;
  $("open-menu").setAttribute("aria-expanded", String(open));
}

// A photo from the camera, made smaller on the phone; drawing it anew also drops the place that cameras hide in it.
async function smaller(file) {
  const image = new Image();
  image.src = URL.createObjectURL(file);
  try { await image.decode(); } finally { URL.revokeObjectURL(image.src); }
  const scale = Math.min(1, 1600 / Math.max(image.naturalWidth, image.naturalHeight));
  const [width, height] = [image.naturalWidth, image.naturalHeight].map((one) => Math.max(1, Math.round(one * scale)));
  const turn = CSS.supports("image-orientation", "from-image") ? 1 : orientation(await file.slice(0, 65536).arrayBuffer());
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = turn > 4 ? [height, width] : [width, height];
  const brush = canvas.getContext("2d");
  const turns = [
    [1, 0, 0, 1, 0, 0], [-1, 0, 0, 1, width, 0], [-1, 0, 0, -1, width, height], [1, 0, 0, -1, 0, height],
    [0, 1, 1, 0, 0, 0], [0, 1, -1, 0, height, 0], [0, -1, -1, 0, height, width], [0, -1, 1, 0, 0, width],
  ];
  brush.transform(...turns[turn - 1]);
  brush.drawImage(image, 0, 0, width, height);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.82));
  if (!blob) throw new Error("no room for the picture");
  return blob;
}

// How the camera was held, 1 to 8, as Exif says it; browsers before Chrome 81 don't turn the picture themselves.
function orientation(raw) {
  const view = new DataView(raw);
  try {
    if (view.getUint16(0) !== 0xffd8) return 1;
    for (let at = 2; at < view.byteLength; at += 2 + view.getUint16(at + 2)) {
      if (view.getUint16(at) !== 0xffe1 || view.getUint32(at + 4) !== 0x45786966) continue;
      const head = at + 10;
      const little = view.getUint16(head) === 0x4949;
      const list = head + view.getUint32(head + 4, little);
      for (let n = 0; n < view.getUint16(list, little); n += 1) {
        const field = list + 2 + 12 * n;
        if (view.getUint16(field, little) === 0x0112) return Math.min(8, Math.max(1, view.getUint16(field + 8, little)));
      }
      return 1;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // cut off: as it is
  }
  return 1;
}

function upload(blob, preview) {
  return outgoing("file", { file: blob }, preview);
}

// Held it records until it is let go, pushed aside it forgets; tapped it records until 停 is tapped.
let recorder = null;
let asking = false;
let held = 0;
let from = 0;
let dropped = false;
const HOLD = 500;
const ASIDE = 80;

function press(event) {
  if (recorder) { stopRecording(false); return; }
  held = Date.now();
  from = event.clientX;
  record();
}

function release(event) {
  if (!held) return;
  const long = Date.now() - held > HOLD;
  held = 0;
  if (!long) return;
  if (!recorder) { dropped = true; return; } // let go before the microphone was there
  stopRecording(Math.abs(event.clientX - from) > ASIDE);
}

function stopRecording(forget) {
  dropped = forget;
  if (recorder) recorder.stop();
}

async function record() {
  if (recorder || asking) return;
  asking = true;
  dropped = false;
  let sound;
  try {
    if (!window.MediaRecorder) throw new Error("no recorder");
    sound = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch (error) {
    toast(words.no_microphone);
    return;
  } finally {
    asking = false;
  }
  if (dropped) { for (const track of sound.getTracks()) track.stop(); return; }
  const parts = [];
  const begun = Date.now();
  recorder = new MediaRecorder(sound);
  recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
  recorder.addEventListener("stop", () => {
    for (const track of sound.getTracks()) track.stop();
    const blob = new Blob(parts, { type: recorder.mimeType });
    const seconds = Math.round((Date.now() - begun) / 1000);
    recorder = null;
    clearInterval(ticks);
    $("recording").hidden = true;
    $("voice").textContent = words.voice;
    $("voice").classList.remove("on");
    if (dropped) toast(words.voice_dropped);
    else if (blob.size > 5000000) toast(words.voice_long);
    else if (blob.size) upload(blob, `${words.voice} ${seconds}″`);
  });
  recorder.start();
  const tick = () => { $("recorded").textContent = put(words.recording, { count: String(Math.round((Date.now() - begun) / 1000)) }); };
  const ticks = setInterval(tick, 1000);
  tick();
  $("recording").hidden = false;
  $("voice").textContent = words.stop;
  $("voice").classList.add("on");
}

function sendPlace() {
  const failed = () => toast(words.no_place);
  if (!navigator.geolocation) { failed(); return; }
  navigator.geolocation.getCurrentPosition((position) => {
    const { latitude, longitude } = position.coords;
    outgoing("place", { latitude, longitude }, words.place);
  }, failed, { enableHighAccuracy: true, timeout: 15000 });
}

// -- being woken while the page isn't open -------------------------------------------------------------------------------

let wakingKey = "";
function offerWaking(key, awake) {
  wakingKey = key;
  const possible = "Notification" in window && "PushManager" in window && "serviceWorker" in navigator;
  $("wake").hidden = !key || !possible || Notification.permission !== "default";
  $("asleep").hidden = true;
  if (!key) return;
  if (!possible) notWoken(words.wake_failed, awake);
  else if (Notification.permission === "denied") notWoken(words.wake_denied, awake);
  else if (Notification.permission === "granted") wakeMe(awake);
}

// Said where nothing else wakes this person, with what to do about it.
function notWoken(why, awake) {
  if (awake) return;
  $("asleep").firstElementChild.textContent = why;
  $("asleep").hidden = false;
}

async function askForWaking() {
  $("wake").hidden = true;
  if (await Notification.requestPermission() === "granted") wakeMe();
  else notWoken(words.wake_denied);
}

let woken = "";
let unwoken = false;
async function wakeMe(awake) {
  if (unwoken) notWoken(words.wake_failed, awake);
  if (woken === wakingKey) return; // said once
  woken = wakingKey;
  try {
    const worker = await within(navigator.serviceWorker.ready);
    const wanted = { userVisibleOnly: true, applicationServerKey: wakingKey };
    const given = await within(worker.pushManager.getSubscription()) || await within(worker.pushManager.subscribe(wanted), 30);
    unwoken = !(await post(`${base}/push`, given.toJSON())).ok;
  } catch (error) {
    console.warn("can't be woken", error); // no push service in reach, as often in China: /push has other ways
    unwoken = true;
  }
  if (unwoken) notWoken(words.wake_failed, awake);
}

// What each role needs to see first.
let role = null;
function home(now) {
  pinned = Boolean(now.pin);
  const hints = { judge: words.say_judge, supervisor: words.say_supervisor, town: words.say_town };
  const hint = hints[now.role] || words.say;
  $("text").placeholder = hint;
  $("text").setAttribute("aria-label", hint);
  for (const tool of [$("camera"), $("voice")]) tool.hidden = now.role === "supervisor";
  $("board").hidden = !["supervisor", "town"].includes(now.role);
  $("board").href = `${base}/board`;
  $("again").hidden = Boolean(now.joined);
  if (now.joined && window === window.top) memory.set("chat", slug); // the demo shows several side by side
  $("court").textContent = now.court ? put(words.court, { name: now.court }) : words.title;
  $("me").textContent = now.name ? `${now.name} · ${now.as}` : "";
  $("tabs").hidden = !now.joined;
  $("tab-leads").textContent = ["judge", "supervisor"].includes(now.role) ? words.tab_leads : words.tab_mine;
  if (now.joined && role === null) {
    takeCards();
    openTab(now.role === "judge" ? "leads" : "talk");
  }
  if (now.joined) role = now.role;
  listSoon();
  $("waiting").hidden = !now.waiting;
  $("waiting").textContent = put(words.unanswered, { count: now.waiting });
}

// -- the stream --------------------------------------------------------------------------------------------------------

function changed({ message, deleted }, seq) {
  last = seq;
  if (!message) { gone(deleted); return; }
  if (!loaded) edge = Math.min(edge, message.message_id);
  else if (message.message_id < edge) return; // comes as it is by then, with what was said around it
  show(message);
}

async function homeIs(now) {
  first = now.first;
  try {
    if (now.language !== language) await loadWords(now.language);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error; // in the other language, then
  }
  if (now.language === language && drawnIn !== language) {
    drawnIn = language;
    loaded = false;
    for (const message of [...told.values()]) show(message);
    listSoon();
  }
  loaded = true;
  offerEarlier();
  if (now.who !== who) {
    who = now.who;
    memory.set(`who-${slug}`, who);
  }
  adopt();
  home(now);
  menu(now.commands, now.groups || {});
  offerWaking(now.push, now.awake);
}

let drawnIn = language;
let patience = 0;
let again = 0;
let heardAt = 0;
const SILENT = 40000; // the server says something every 15 s: a line that is silent for so long is dead, however open it looks
function listenAnew() {
  stream.close();
  clearTimeout(patience);
  clearTimeout(again);
  listen();
}
setInterval(() => {
  if (!stream || stream.readyState !== EventSource.OPEN || Date.now() - heardAt < SILENT) return;
  line(words.offline);
  listenAnew();
}, 5000);

function listen() {
  const mine = stream = new EventSource(`${base}/events?after=${$("locked").hidden ? last : rung}`);
  const heard = () => { clearTimeout(patience); heardAt = Date.now(); };
  heardAt = Date.now();
  patience = setTimeout(() => { mine.close(); ask(mine); }, 10000); // a proxy on the way keeps the stream back
  mine.addEventListener("message", (event) => { heard(); changed(JSON.parse(event.data), Number(event.lastEventId)); });
  mine.addEventListener("toast", (event) => { heard(); toast(JSON.parse(event.data).text); });
  mine.addEventListener("person", (event) => { heard(); homeIs(JSON.parse(event.data)); });
  mine.addEventListener("locked", (event) => { heard(); lock(); rung = Number(event.lastEventId); });
  mine.addEventListener("ring", (event) => { heard(); call(JSON.parse(event.data).loud); });
  mine.addEventListener("unlocked", () => { heard(); unlocked(); }); // in another tab
  mine.addEventListener("alive", heard);
  mine.addEventListener("open", () => line(""));
  mine.addEventListener("error", async () => {
    line(words.offline);
    if (mine.readyState !== EventSource.CLOSED) return;
    heard();
    if (await stillHere() && stream === mine) again = setTimeout(listen, 3000);
  });
}

// Whether the page is signed in, be it locked or not; without a signal nobody knows.
async function stillHere() {
  try {
    const { status } = await reach(`${base}/session`);
    if (status === 401) signedOut();
    if (status === 423) lock();
    return status !== 401;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return true;
  }
}

// Asking again and again, where a stream doesn't come through; after a while the stream is tried anew.
async function ask(mine) {
  for (let times = 0; times < 100 && stream === mine; times += 1) {
    try {
      const answer = await reach(`${base}/changes?after=${$("locked").hidden ? last : rung}`);
      if (answer.status === 401) { await stillHere(); return; }
      const now = await within(answer.json());
      if ("locked" in now) {
        lock();
        rung = now.locked;
        if (now.ring) call(now.ring.loud);
        now.messages = now.toasts = [];
      }
      for (const one of now.messages) changed(one, one.seq);
      for (const one of now.toasts) toast(one.text);
      if (now.person) {
        if ($("locked").hidden) await homeIs(now.person); else { unlocked(); return; }
      }
      line("");
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
      line(words.offline);
    }
    await new Promise((done) => setTimeout(done, 3000));
  }
  if (stream === mine) listen();
}

// -- joining -----------------------------------------------------------------------------------------------------------

// Who has joined and opens the plain address, an icon or a notification wants the chat.
async function backToChat() {
  const known = memory.get("chat");
  if (!known) return false;
  try {
    if ((await reach(`/c/${known}/session`)).status === 401) return false;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // no signal: the page starts all the same
  }
  location.replace(`/c/${known}/`);
  return true;
}

function joiningCode() {
  const [typed, code] = [$("phone").value, $("code").value].map((one) => one.normalize("NFKC").trim()); // １２３, too
  const phone = typed.replace(/^\+86/, "").replace(/\D/g, "");
  return phone && /^\d{6}$/.test(code) ? `${phone}-${code}` : code;
}

// Why a code opens nothing; what has been filled in stays.
async function noEntry(answer) {
  const { refused: why, left } = await answer.json();
  const said = { wrong: words.join_wrong, used: words.join_used, expired: words.join_expired, spent: words.join_spent };
  $("join-trouble").textContent = said[why] + (why === "wrong" && left ? put(words.join_left, { left }) : "")
    + (words.phone ? put(words.join_call, { phone: words.phone }) : "");
  $("join-trouble").hidden = false;
}

// Whoever opens a link sees whom it is for, and has one thing to do.
async function invited(code) {
  $("code").value = code;
  $("join-fields").hidden = true;
  $("join-how").textContent = "";
  try {
    const answer = await post("/api/invited", { code });
    const about = answer.headers.has("X-Chuishao") ? await answer.clone().json() : {};
    if (answer.ok) $("join-how").textContent = put(words.join_invites, about);
    else if (about.refused) { await noEntry(answer); $("join-fields").hidden = false; $("code").value = ""; }
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error; // no signal yet: the button tries again
  }
}

async function join(code) {
  $("join-trouble").hidden = true;
  try {
    const answer = await post("/api/join", { code });
    if (answer.status === 403 && answer.headers.has("X-Chuishao")) {
      $("join-fields").hidden = false;
      await noEntry(answer);
    }
    if (!answer.ok) return;
    location.replace(`/c/${(await answer.json()).slug}/`);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    toast(words.join_failed);
  }
}

async function start() {
  try {
    await loadWords(memory.get("language") || language);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
    setTimeout(start, 3000); // no signal yet, and nothing on the shelf
    return;
  }
  if (!slug) {
    if (!location.hash && await backToChat()) return;
    $("join").hidden = false;
    const code = location.hash.slice(1).replace(/[^\w-]/g, "");
    $("join-form").addEventListener("submit", (event) => { event.preventDefault(); join(joiningCode()); });
    if (!code) return;
    history.replaceState(null, "", "/");
    invited(code);
    return;
  }
  $("chat").hidden = false;
  ready = within(takeUp(), 5).catch((error) => console.warn("what was left unsent isn't readable", error));
  $("say").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = $("text").value.trim();
    if (!text) return;
    $("text").value = "";
    sized();
    openMenu(false);
    say(text);
  });
  $("text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) { event.preventDefault(); $("send").click(); }
  });
  $("urgent").addEventListener("click", showUrgent);
  $("earlier").addEventListener("click", earlier);
  $("waiting").addEventListener("click", () => say("/pending"));
  $("unlock").addEventListener("submit", (event) => {
    event.preventDefault();
    const pin = $("pin").value.normalize("NFKC");
    $("pin").value = ""; // at once: whoever types the next one before the answer is there loses nothing of it
    unlock({ pin });
  });
  $("forgot").addEventListener("click", () => unlock({}));
  $("set-pin").addEventListener("submit", (event) => { event.preventDefault(); keepPin($("new-pin").value.normalize("NFKC")); });
  $("no-pin").addEventListener("click", () => keepPin(""));
  for (const sign of ["pointerdown", "keydown", "touchmove"]) addEventListener(sign, touch, { passive: true });
  $("wake").addEventListener("click", askForWaking);
  $("asleep").lastElementChild.addEventListener("click", () => say("/push"));
  $("open-menu").addEventListener("click", () => openMenu($("menu").hidden));
  $("replying").lastElementChild.addEventListener("click", () => answer(null));
  $("voice").addEventListener("pointerdown", press);
  addEventListener("pointerup", release);
  addEventListener("pointercancel", release);
  $("voice").addEventListener("contextmenu", (event) => event.preventDefault());
  $("voice").addEventListener("click", (event) => { if (!event.detail) { if (recorder) stopRecording(false); else record(); } }); // by keyboard
  $("forget").addEventListener("click", () => stopRecording(true));
  for (const name of ["leads", "talk"]) $(`tab-${name}`).addEventListener("click", () => openTab(name));
  $("lead-back").addEventListener("click", () => closeLead());
  $("below").addEventListener("click", toEnd);
  $("messages").addEventListener("scroll", () => {
    const { scrollHeight, scrollTop, clientHeight } = $("messages");
    if (news && scrollHeight - scrollTop - clientHeight < 120) below(0);
  }, { passive: true });
  const sized = () => {
    const box = $("text");
    $("say").classList.toggle("typing", Boolean(box.value));
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight + 2, 140)}px`;
  };
  $("text").addEventListener("input", sized);
  $("photo").addEventListener("change", async (event) => {
    const file = event.target.files[0];
    event.target.value = "";
    if (!file) return;
    let blob = null;
    try { blob = await smaller(file); } catch (error) {
      const raw = new Uint8Array(await file.slice(4, 12).arrayBuffer());
      if (!/^ftyp(hei|hev|mif|msf|avi)/.test(String.fromCharCode(...raw))) { toast(words.not_a_photo); return; }
      blob = file; // HEIC, which this browser can't draw: the server turns it
    }
    upload(blob, words.photo);
  });
  addEventListener("online", () => hurry());
  if (!await stillHere()) return;
  await ready;
  flush();
  listen();
}

if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/sw.js").catch((error) => console.warn("no offline start", error));
}
start();
