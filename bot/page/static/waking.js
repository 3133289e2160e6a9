// Being woken while the page isn't open: the browser's own push, and what to do where there is none.

import { $ } from "./dom.js";
import { base, post, within } from "./line.js";
import { words } from "./words.js";

const waking = {
  key: "", // the server's public key; empty where it wakes nobody
  woken: "", // the key that the browser's subscription has been sent with
  failed: false,
};

// `awake` says that something else has been proven to wake this person.
export function offerWaking(key, awake) {
  waking.key = key;
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

async function wakeMe(awake) {
  if (waking.failed) notWoken(words.wake_failed, awake);
  if (waking.woken === waking.key) return; // said once
  waking.woken = waking.key;
  try {
    const worker = await within(navigator.serviceWorker.ready);
    const wanted = { userVisibleOnly: true, applicationServerKey: waking.key };
    const known = await within(worker.pushManager.getSubscription());
    const given = known || (await within(worker.pushManager.subscribe(wanted), 30));
    waking.failed = !(await post(`${base}/push`, given.toJSON())).ok;
  } catch (error) {
    console.warn("can't be woken", error); // no push service in reach, as often in China: /push has other ways
    waking.failed = true;
  }
  if (waking.failed) notWoken(words.wake_failed, awake);
}

$("wake").addEventListener("click", async () => {
  $("wake").hidden = true;
  if ((await Notification.requestPermission()) === "granted") wakeMe();
  else notWoken(words.wake_denied);
});
