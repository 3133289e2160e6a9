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

function only(place, ...children) { // replaceChildren is not in Chrome 80
  place.textContent = "";
  place.append(...children);
}

function fill(table, rows, heads = null) {
  const made = rows.map((cells) => {
    const row = document.createElement("tr");
    row.append(...cells.map((cell) => element("td", cell)));
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
function pictures() { // once a minute at most: they are of the month
  if (Date.now() - drawn < 60000) return;
  drawn = Date.now();
  for (const name of ["map", "trend"]) $(name).src = `${base}/${name}.svg?${Math.floor(drawn / 60000)}`;
}

function show(now) {
  document.title = now.title;
  $("title").textContent = now.title;
  $("at").textContent = now.at;
  only($("counts"), ...now.counts.map(([name, count, kind]) => {
    const item = element("li", "", kind);
    item.append(element("b", count), element("span", name));
    return item;
  }));
  for (const part of ["waiting", "steps"]) {
    const [title, rows] = now[part];
    $(`${part}-title`).textContent = title;
    fill($(part), rows.length ? rows : [[now.none]]);
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
stream.addEventListener("now", (event) => { told = Date.now(); document.querySelector("main").hidden = false; $("line").hidden = true; show(JSON.parse(event.data)); });
stream.addEventListener("error", ask);
setInterval(() => ask(), 15000);
