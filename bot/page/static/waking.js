// Being woken while the page isn't open, in three steps: on the home screen, allowed, tried. Shown until something has
// been proven to wake this person; where this phone can't, what to do instead.

import { $ } from "./dom.js";
import { attempt, base, isLine, post, toast, within } from "./line.js";
import { words } from "./words.js";

const waking = {
  key: "", // the server's public key; empty where it wakes nobody
  sent: "", // the key that the browser's subscription has been sent with
  given: null, // the browser's subscription, once the server has it
  install: null, // the browser's own question about the home screen
};

const possible = () => "Notification" in window && "PushManager" in window && "serviceWorker" in navigator;
const allowed = () => possible() && Notification.permission === "granted";
const athome = () => matchMedia("(display-mode: standalone)").matches || navigator.standalone === true;

// `awake` says that something has been proven to wake this person.
export function offerWaking(key, awake) {
  waking.key = key;
  $("wake").hidden = !key || Boolean(awake);
  if (!key) return;
  if (!possible()) why(words.wake_failed);
  else if (Notification.permission === "denied") why(words.wake_denied);
  else if (allowed()) subscribe();
  standing();
}

// How far it is.
function standing() {
  const steps = { home: athome(), allow: Boolean(waking.given), try: false };
  for (const [name, done] of Object.entries(steps)) {
    $(`wake-${name}`).classList.toggle("done", done);
    $(`wake-${name}`).lastElementChild.hidden = done;
  }
  $("wake-allow").lastElementChild.disabled = !possible() || Notification.permission === "denied";
  $("wake-try").lastElementChild.disabled = !waking.given;
}

function why(said) {
  $("wake-why").textContent = said;
  $("wake-why").hidden = false;
}

async function subscribe() {
  if (waking.sent === waking.key) return; // said once
  waking.sent = waking.key;
  try {
    const worker = await within(navigator.serviceWorker.ready);
    const wanted = { userVisibleOnly: true, applicationServerKey: waking.key };
    const known = await within(worker.pushManager.getSubscription());
    const given = (known || (await within(worker.pushManager.subscribe(wanted), 30))).toJSON();
    if ((await post(`${base}/push`, given)).ok) waking.given = given;
  } catch (error) {
    console.warn("can't be woken", error); // no push service in reach, as often in China: /push has other ways
  }
  if (!waking.given) why(words.wake_failed);
  standing();
}

addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  waking.install = event;
});

$("wake-home").lastElementChild.addEventListener("click", async () => {
  if (waking.install) await waking.install.prompt();
  else why(words.wake_home_how);
  standing();
});

$("wake-allow").lastElementChild.addEventListener("click", async () => {
  if ((await Notification.requestPermission()) === "granted") await subscribe();
  else why(words.wake_denied);
  standing();
});

$("wake-try").lastElementChild.addEventListener("click", () =>
  attempt(async () => {
    if ((await post(`${base}/push`, { ...waking.given, trial: true })).ok) toast(words.wake_trying);
  }),
);

// -- the screen stays on, where somebody on duty wants that ---------------------------------------------------------------

const light = { lock: null, wanted: false };

export const canStayLit = () => "wakeLock" in navigator;
export const staysLit = () => light.wanted;

export async function stayLit(wanted) {
  light.wanted = wanted;
  try {
    if (wanted && !light.lock) light.lock = await navigator.wakeLock.request("screen");
    if (!wanted && light.lock) await light.lock.release();
  } catch (error) {
    if (isLine(error)) throw error;
    console.warn("the screen goes dark", error.name); // the battery is low
  }
  if (!wanted) light.lock = null;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden || !light.wanted) return;
  light.lock = null; // the phone has taken it when the page went out of sight
  stayLit(true);
});
