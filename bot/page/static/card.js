// A card by its parts: who, where and how long ago in large type, one thing to do next, and the rest folded.

import { button, element, link, linked, put, row } from "./dom.js";
import { words } from "./words.js";

const line = (name, text, tag = "p") => {
  const made = element(tag, name);
  linked(made, text);
  return made;
};

// How long ago, as it is said: 3 分钟前. What is older than a day has its date elsewhere on the card.
export function ago(at) {
  const minutes = Math.max(0, Math.floor((Date.now() / 1000 - at) / 60));
  if (minutes < 1) return words.ago_now;
  if (minutes < 60) return put(words.ago_minutes, { count: minutes });
  if (minutes < 1440) return put(words.ago_hours, { count: Math.floor(minutes / 60) });
  return put(words.ago_days, { count: Math.floor(minutes / 1440) });
}

export function ageAnew(root) {
  for (const part of root.querySelectorAll("[data-at]")) part.textContent = ago(Number(part.dataset.at));
}

function since(card) {
  const made = element("span", "ago", ago(card.at));
  made.dataset.at = card.at;
  return made;
}

// Map apps by choice; none is asked before the tap. Of a place in words they search, of one that a phone has sent they
// get the point (as GPS gives it; they shift it themselves).
export function maps(place, point) {
  const name = encodeURIComponent(place || words.place);
  const [latitude, longitude] = point || [];
  const ways = point
    ? [
        [
          words.map_amap,
          `https://uri.amap.com/marker?position=${longitude},${latitude}&name=${name}&coordinate=wgs84&callnative=1`,
        ],
        [
          words.map_baidu,
          `https://api.map.baidu.com/marker?location=${latitude},${longitude}&title=${name}&content=${name}&coord_type=wgs84&output=html`,
        ],
        [
          words.map_tencent,
          `https://apis.map.qq.com/uri/v1/marker?marker=coord:${latitude},${longitude};title:${name}&coord_type=1&referer=chuishao`,
        ],
      ]
    : [
        [words.map_amap, `https://uri.amap.com/search?keyword=${name}&callnative=1`],
        [words.map_baidu, `https://api.map.baidu.com/place/search?query=${name}&region=${name}&output=html`],
        [words.map_tencent, `https://apis.map.qq.com/uri/v1/search?keyword=${name}&referer=chuishao`],
      ];
  const made = element("details", "maps");
  made.append(element("summary", "", words.navigate));
  for (const [label, href] of ways) made.append(link(href, label, "tool"));
  return made;
}

function steps(card) {
  const made = element("ol", "steps");
  const done = card.steps.map(([, at]) => Boolean(at)).lastIndexOf(true);
  card.steps.forEach(([label, at], number) => {
    const one = element(
      "li",
      at ? "done" : number === done + 1 && !["over", "done"].includes(card.mood) ? "next" : "",
      label,
    );
    one.append(element("span", "", at)); // one that was left out stays empty: nobody has been there
    made.append(one);
  });
  return made;
}

const lines = (name, texts, tag) => (texts || []).map((text) => line(name, text, tag));

// How it stands, who, where and how long ago.
function top(card) {
  const label = element("p", "label", card.label || "");
  if (card.at) label.append(since(card));
  const made = lines("note", card.notes);
  if (card.state) made.push(element("p", "state", card.state));
  made.push(label, card.who ? element("h2", "who", card.who) : line("title", card.title));
  const where = [card.place, card.where].filter(Boolean).join(" · ");
  if (where) made.push(element("p", "where", where));
  return made;
}

function folded(card) {
  const rest = lines("fact", card.facts).concat(lines("fact", card.foot));
  if (!rest.length) return [];
  const made = element("details");
  made.append(element("summary", "", words.facts), ...rest);
  return [made];
}

// Everything of the card but its buttons.
export function body(card) {
  const made = element("div", `bubble card ${card.mood}`);
  made.append(
    ...top(card),
    ...lines("", card.quote, "blockquote"),
    ...lines("aside", card.asides),
    ...lines("sure", card.sure && [card.sure]),
    ...(card.steps ? [steps(card)] : []),
    ...lines("progress", card.progress),
    ...lines("thread", card.thread),
    ...lines("says", card.says && [card.says]),
    ...folded(card),
  );
  return made;
}

// So many milliseconds a button is still offered: the card says for how many seconds from when it was made.
function left(card, { callback_data: data }) {
  const seconds = (card.fades || {})[data];
  return seconds === undefined ? Infinity : card.madeAt + seconds * 1000 - Date.now();
}

// One tap is one step: where the next button comes to lie under the finger, a second tap within a moment isn't meant.
const hand = { busyUntil: 0 };
const ONE_TAP = 700;

// A button that was tapped, or that appears within that moment, waits for its end.
function waitATap(shown) {
  const pause = hand.busyUntil - Date.now();
  if (pause <= 0) return;
  shown.disabled = true;
  setTimeout(() => {
    shown.disabled = false;
  }, pause);
}

function tapped(shown, act) {
  hand.busyUntil = Date.now() + ONE_TAP;
  waitATap(shown);
  act();
}

// Counts down on the button how long it is still there.
function countDown(shown, text, until) {
  const seconds = Math.ceil((until - Date.now()) / 1000);
  if (seconds <= 0) {
    shown.remove();
    return;
  }
  shown.textContent = `${text} ${seconds}`;
  setTimeout(countDown, 1000, shown, text, until);
}

// One thing to do next, over the whole width; beside it calling, finding the way and what the card wants there; the
// others under 更多. Where there is nothing to do next, a choice is being made: everything is shown.
export function actions(card, keyboard, tap) {
  const made = element("div", "actions");
  const offered = keyboard.map((row) => row.filter((one) => left(card, one) > 0));
  const all = offered.reduce((some, row) => some.concat(row), []);
  const act = (one, name) => {
    const shown = button(one.text, () => tapped(shown, () => tap(one.callback_data)), name);
    waitATap(shown);
    if (left(card, one) < Infinity) countDown(shown, one.text, Date.now() + left(card, one));
    return shown;
  };
  if (!card.main.length) {
    for (const buttons of offered) made.append(row(buttons.map((one) => act(one))));
    return made;
  }
  const is = (list) => all.filter((one) => list.includes(one.callback_data));
  for (const one of is(card.main)) made.append(act(one, "primary"));
  const beside = element("div", "row");
  for (const [name, phone] of card.people || []) {
    const call = link(`tel:${phone}`, words.call, "tool");
    call.setAttribute("aria-label", `${words.call} ${name}`);
    beside.append(call);
  }
  if (card.noun === "lead")
    beside.append(maps([card.where, (card.place || "").replace(/^在/, "")].filter(Boolean).join(" ")));
  for (const one of is(card.beside)) beside.append(act(one));
  made.append(beside);
  const rest = all.filter((one) => !card.main.includes(one.callback_data) && !card.beside.includes(one.callback_data));
  if (rest.length) {
    const folded = element("details", "more");
    folded.append(element("summary", "", words.more));
    folded.append(row(rest.map((one) => act(one))));
    made.append(folded);
  }
  return made;
}

// A lead or report as a row of a list: what it is, how it stands, how long ago.
export function listed(message, media, open) {
  const card = message.card;
  const made = button("", open, `lead ${card.mood}`);
  const reached = (card.steps || []).filter(([, at]) => at).pop();
  const head = element("span", "who", card.who || card.title);
  if (card.at) head.append(since(card));
  made.append(head, element("span", "where", [card.where, card.place].filter(Boolean).join(" · ")));
  const own = card.noun === "report" && (message.reply_to_message || {}).text; // a judge's card may answer a judge's word
  const said = own || (card.quote || [])[0];
  if (said) made.append(element("span", "said", said));
  if (media.length) made.append(element("span", "media", media.join(" · ")));
  const state =
    card.state || (card.mood === "alarm" ? words.lead_waits : reached ? `${reached[0]} ${reached[1]}` : card.label);
  made.append(element("span", "how", state));
  return made;
}
