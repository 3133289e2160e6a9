// A page that locks itself: a phone that several people pick up. It shows nothing, and goes on listening: an alert rings
// behind the lock, too.

import { $ } from "./dom.js";
import { attempt, base, isLine, post, toast } from "./line.js";
import { me } from "./me.js";
import { words } from "./words.js";

export const lock = {
  rung: 0, // up to where a locked page has been told what came
  touched: 0, // when the server was last told that somebody is there
  opened() {}, // what is done then
};

export const isLocked = () => !$("locked").hidden;

// Shows the lock. Returns false where it was shown already: what is being typed stays.
export function shut() {
  if (isLocked()) return false;
  $("chat").hidden = true;
  $("locked").hidden = false;
  $("pin").value = "";
  $("pin").focus();
  return true;
}

export function open() {
  $("locked").hidden = true;
  $("chat").hidden = false;
  lock.rung = 0;
  lock.opened();
}

const unlock = (body) =>
  attempt(async () => {
    const answer = await post(`${base}/unlock`, body);
    if (answer.status === 403) toast(words.pin_wrong);
    if (answer.ok) open();
  });

// Reading is being there, too: told at most once a minute.
async function touch() {
  if (!me.pinned || Date.now() - lock.touched < 60000) return;
  lock.touched = Date.now();
  try {
    await post(`${base}/awake`, {});
  } catch (error) {
    if (!isLine(error)) throw error; // no signal: it locks itself in time
  }
}

function keepPin(pin) {
  if (pin && !/^[0-9]{4,6}$/.test(pin)) {
    toast(words.pin_how);
    return undefined;
  }
  return attempt(async () => {
    const answer = await post(`${base}/pin`, { pin });
    if (!answer.ok) return;
    $("set-pin").hidden = true;
    toast(pin ? words.pin_kept : words.pin_gone);
  });
}

export function choosePin() {
  $("set-pin").hidden = false;
  $("new-pin").value = "";
  $("new-pin").focus();
}

$("unlock").addEventListener("submit", (event) => {
  event.preventDefault();
  const pin = $("pin").value.normalize("NFKC");
  $("pin").value = ""; // at once: whoever types the next one before the answer is there loses nothing of it
  unlock({ pin });
});
$("forgot").addEventListener("click", () => confirm(words.forgot_sure) && unlock({}));
$("set-pin").addEventListener("submit", (event) => {
  event.preventDefault();
  keepPin($("new-pin").value.normalize("NFKC"));
});
$("no-pin").addEventListener("click", () => keepPin(""));
for (const sign of ["pointerdown", "keydown", "touchmove"]) addEventListener(sign, touch, { passive: true });
