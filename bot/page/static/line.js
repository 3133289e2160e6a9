// The line to the server: asking it, and saying how the line is. A line that carries nothing is no line.

import { $, link, put } from "./dom.js";
import { speak, tongue, words } from "./words.js";

export const slug = (location.pathname.match(/^\/c\/([\w-]+)\/$/) || [])[1];
export const base = slug ? `/c/${slug}` : "";

// What is done where the server says that nobody is signed in, or that the page is locked.
export const line = { signedOut() {}, locked() {}, ahead: 0 }; // this phone's clock is `ahead` by so many milliseconds

// What the browser remembers for the page; one that keeps nothing (some apps' own browsers) is asked again each time.
export const memory = {
  get(name) {
    try {
      return localStorage.getItem(name);
    } catch (error) {
      return null;
    }
  },
  set(name, value) {
    try {
      localStorage.setItem(name, value);
    } catch (error) {
      console.warn("not remembered", name);
    }
  },
  drop(name) {
    try {
      localStorage.removeItem(name);
    } catch (error) {
      console.warn("not forgotten", name);
    }
  },
};

// The same for as long as the page's tab is there.
export const session = {
  get(name) {
    try {
      return sessionStorage.getItem(name);
    } catch (error) {
      return null;
    }
  },
  keep(name, value) {
    try {
      if (value) sessionStorage.setItem(name, value);
      else sessionStorage.removeItem(name);
    } catch (error) {
      console.warn("not kept", name);
    }
  },
};

// fetch itself would wait for minutes.
export async function reach(path, options, seconds = 20) {
  const control = new AbortController();
  const ends = setTimeout(() => control.abort(), seconds * 1000);
  try {
    const answer = await fetch(path, Object.assign({ signal: control.signal }, options));
    const now = Date.parse(answer.headers.get("Date"));
    if (now && path.startsWith("/c/")) line.ahead = Date.now() - now;
    return answer;
  } catch (error) {
    throw error.name === "AbortError" ? new TypeError("no answer") : error;
  } finally {
    clearTimeout(ends);
  }
}

export const within = (work, seconds = 20) =>
  Promise.race([
    work,
    new Promise((_, failed) => setTimeout(() => failed(new TypeError("no answer")), seconds * 1000)),
  ]);

// fetch's word for no connection, and json's for an answer that isn't the server's (a hotel's portal on the way).
export const isLine = (error) => error instanceof TypeError || error instanceof SyntaxError;

// A time of the server's, in seconds, as milliseconds of this phone's own clock; never in the future.
export const onThisClock = (seconds) => Math.min(Date.now(), seconds * 1000 + line.ahead);

// Whether the page is open, by the server's answer.
export function heed(answer) {
  if (answer.status === 401) line.signedOut();
  if (answer.status === 423) line.locked();
}

const trouble = { 413: "too_big", 415: "not_a_photo", 429: "join_many" };

export async function post(path, body) {
  const form = body instanceof FormData;
  const headers = form ? {} : { "Content-Type": "application/json" };
  const options = { method: "POST", headers, body: form ? body : JSON.stringify(body) };
  const answer = await reach(path, options, form ? 180 : 20);
  heed(answer);
  if (answer.status >= 500) toast(put(words.not_logged, { phone: words.phone }));
  else if (answer.status === 413 && !answer.headers.has("X-Chuishao")) toast(words.between_too_big);
  else if (answer.headers.get("X-Chuishao") === "today") toast(words.too_much_today);
  else if (answer.status === 429 && path.endsWith("/tap")) toast(words.tap_many);
  else if (trouble[answer.status]) toast(words[form || answer.status !== 413 ? trouble[answer.status] : "too_long"]);
  return answer;
}

// What the person does; without a signal they are told so, and nothing has happened. Returns nothing then.
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    if (!isLine(error)) throw error;
    toast(words.offline);
    return undefined;
  }
}

// In the language that was spoken here before, or in another.
export async function loadWords(wanted = memory.get("language") || tongue.now) {
  speak(wanted, await within((await reach(`/words/${wanted}`)).json()));
  memory.set("language", wanted);
}

// Begins once there are words: without a signal, and with nothing on the shelf, it tries again.
export async function withWords(begin) {
  try {
    await loadWords();
  } catch (error) {
    if (!isLine(error)) throw error;
    setTimeout(withWords, 3000, begin);
    return;
  }
  await begin();
}

// The page starts without a signal from now on.
export function keepOnPhone() {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.register("/sw.js").catch((error) => console.warn("no offline start", error));
}

// How the line is, said over everything; nothing where it is well.
export function lineIs(text) {
  $("line").textContent = text || "";
  $("line").hidden = !text;
  if (text === words.offline && words.phone)
    $("line").append(" ", link(`tel:${words.phone}`, put(words.call_court, { phone: words.phone })));
  $("state").className = text ? "off" : "on";
  $("state").textContent = text ? words.state_off : words.state_on;
}

let toastEnds = 0;
export function toast(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(toastEnds);
  toastEnds = setTimeout(() => {
    $("toast").hidden = true;
  }, 3500);
}
