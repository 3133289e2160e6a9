"use strict";
// The area as it is now: the whole comes again with each step, and what has grown older twice a minute.

const $ = (id) => document.getElementById(id);
const base = location.pathname; // …/board

function element(tag, text, kind = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function only(place, ...children) {
  // replaceChildren is not in Chrome 80
  place.textContent = "";
  place.append(...children);
}

function fill(table, rows, heads = null, fresh = new Set()) {
  const made = rows.map((cells) => {
    const row = document.createElement("tr");
    row.append(...cells.map((cell) => element("td", cell)));
    if (fresh.has(cells.slice(0, 3).join())) row.className = "fresh";
    return row;
  });
  if (heads) {
    const row = document.createElement("tr");
    row.append(...heads.map((head) => element("th", head)));
    made.unshift(row);
  }
  only(table, ...made);
}

let drawn = 0;
function pictures() {
  // once a minute at most: they are of the month
  if (Date.now() - drawn < 60000) return;
  drawn = Date.now();
  for (const name of ["map", "trend"]) $(name).src = `${base}/${name}.svg?${Math.floor(drawn / 60000)}`;
}

// What has come since the screen was last drawn: it flashes, and is heard where the browser lets a page sound.
let known = null;
function arrived(rows) {
  const names = rows.map((cells) => cells.slice(0, 3).join());
  const fresh = new Set(known ? names.filter((name) => !known.has(name)) : []);
  known = new Set(names);
  if (fresh.size) tone();
  return fresh;
}

let sound = null;
function tone() {
  try {
    sound = sound || new AudioContext();
    const [wave, loud] = [sound.createOscillator(), sound.createGain()];
    loud.gain.setValueAtTime(0.4, sound.currentTime);
    loud.gain.exponentialRampToValueAtTime(0.001, sound.currentTime + 0.8);
    wave.connect(loud).connect(sound.destination);
    wave.start();
    wave.stop(sound.currentTime + 0.8);
  } catch (error) {
    console.warn("no sound", error);
  }
}

function show(now) {
  document.title = now.title;
  $("title").textContent = now.title;
  $("at").textContent = now.at;
  only(
    $("counts"),
    ...now.counts.map(([name, count, kind]) => {
      const item = element("li", "", kind);
      item.append(element("b", count), element("span", name));
      return item;
    }),
  );
  for (const part of ["waiting", "steps"]) {
    const [title, rows] = now[part];
    $(`${part}-title`).textContent = title;
    fill($(part), rows.length ? rows : [[now.none]], null, part === "waiting" ? arrived(rows) : undefined);
  }
  fill($("judges"), now.judges[1], now.judges[0]);
  pictures();
}

// A stream that says nothing for a while may be kept back by a proxy: then the page asks.
let told = 0;
async function ask(event) {
  if (Date.now() - told < 45000 && !(event && stream.readyState === EventSource.CLOSED)) return;
  try {
    const answer = await fetch(`${base}/now`);
    if (answer.ok) show(await answer.json());
    document.querySelector("main").hidden = [401, 423].includes(answer.status); // signed out or locked: nobody's business
    $("line").hidden = answer.ok;
    if (!answer.ok) $("line").textContent = `✕ ${answer.status}`;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    $("line").hidden = false;
    $("line").textContent = "✕";
  }
}

const stream = new EventSource(`${base}/events`);
stream.addEventListener("now", (event) => {
  told = Date.now();
  document.querySelector("main").hidden = false;
  $("line").hidden = true;
  show(JSON.parse(event.data));
});
stream.addEventListener("error", ask);
setInterval(() => ask(), 15000);
