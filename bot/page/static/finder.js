// Cases found while one types: a name or part of it, the end of a plate or of an id number, a case number.

import { say } from "./composer.js";
import { $, button, element } from "./dom.js";
import { base, isLine, post, within } from "./line.js";
import { words } from "./words.js";

const finder = { timer: 0, asked: "" };
const PAUSE = 350; // milliseconds without a key: each question is noted, and counted
const SHORTEST = 2;

export function offerFinding(may) {
  $("find").hidden = !may;
}

function typed() {
  clearTimeout(finder.timer);
  const said = $("find").value.trim();
  if (said.length < SHORTEST) show([], "", said ? words.find_short : "");
  else finder.timer = setTimeout(() => find(said), PAUSE);
}

async function find(said) {
  finder.asked = said;
  try {
    const answer = await post(`${base}/find`, { words: said });
    const { hits } = answer.ok ? await within(answer.json()) : { hits: [] };
    if (finder.asked === said) show(hits, said);
  } catch (error) {
    if (!isLine(error)) throw error; // no signal: the next key asks again
  }
}

function show(hits, said = "", short = "") {
  const place = $("hits");
  place.textContent = "";
  for (const { number, who, about } of hits) {
    const row = button("", () => open(number), "hit");
    row.append(element("strong", "", who), element("span", "", number), element("span", "about", about));
    place.append(row);
  }
  if (said && !hits.length) place.append(element("p", "empty", words.find_none));
  if (short) place.append(element("p", "empty", short));
  place.hidden = !place.children.length;
}

function open(number) {
  $("find").value = "";
  show([]);
  say(number);
}

$("find").addEventListener("input", typed);
$("find").addEventListener("search", typed);
