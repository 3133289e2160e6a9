// What the person says: typed, spoken, as a photo, or where they are.

import { $, put } from "./dom.js";
import { closeLead, openTab } from "./frame.js";
import { isOpen } from "./leads.js";
import { me } from "./me.js";
import { session, slug, toast } from "./line.js";
import { outgoing, upload } from "./queue.js";
import { inWords } from "./message.js";
import { answer, expect, talk } from "./talk.js";
import { words } from "./words.js";

export function say(text) {
  expect();
  const answered = talk.told.get(talk.answering);
  if (!answered || !isOpen(answered)) {
    closeLead();
    openTab("talk");
  }
  const body = { text };
  if (talk.answering) body.reply_to = talk.answering;
  answer(null);
  if (talk.divider) talk.divider.remove();
  return outgoing("say", body, inWords(text));
}

const CAPTION = 1024; // characters that go along with a photo
const ONE_TAP = 700; // milliseconds in which a second tap isn't meant for what has come to lie under the finger

function sized() {
  const box = $("text");
  session.keep(`draft-${slug}`, box.value);
  $("say").classList.toggle("typing", Boolean(box.value));
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight + 2, 140)}px`;
}

function typed(event) {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text) return;
  $("text").value = "";
  sized();
  $("say").classList.add("just-sent");
  setTimeout(() => $("say").classList.remove("just-sent"), ONE_TAP);
  say(text);
}

// What was being typed when the page was loaded anew.
export function takeUpDraft() {
  $("text").value = $("text").value || session.get(`draft-${slug}`) || "";
  sized();
}

$("say").addEventListener("submit", typed);
$("text").addEventListener("input", sized);
$("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  $("send").click();
});

// -- a photo -----------------------------------------------------------------------------------------------------------

// Made smaller on the phone; drawing it anew also drops the place that cameras hide in it.
async function smaller(file) {
  const image = new Image();
  image.src = URL.createObjectURL(file);
  try {
    await image.decode();
  } finally {
    URL.revokeObjectURL(image.src);
  }
  const scale = Math.min(1, 1600 / Math.max(image.naturalWidth, image.naturalHeight));
  const [width, height] = [image.naturalWidth, image.naturalHeight].map((one) => Math.max(1, Math.round(one * scale)));
  const turned = CSS.supports("image-orientation", "from-image");
  const turn = turned ? 1 : orientation(await file.slice(0, 65536).arrayBuffer());
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = turn > 4 ? [height, width] : [width, height];
  const brush = canvas.getContext("2d");
  const turns = [
    [1, 0, 0, 1, 0, 0],
    [-1, 0, 0, 1, width, 0],
    [-1, 0, 0, -1, width, height],
    [1, 0, 0, -1, 0, height],
    [0, 1, 1, 0, 0, 0],
    [0, 1, -1, 0, height, 0],
    [0, -1, -1, 0, height, width],
    [0, -1, 1, 0, 0, width],
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
      return turnOf(view, at + 10);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // cut off: as it is
  }
  return 1;
}

function turnOf(view, head) {
  const little = view.getUint16(head) === 0x4949;
  const list = head + view.getUint32(head + 4, little);
  for (let n = 0; n < view.getUint16(list, little); n += 1) {
    const field = list + 2 + 12 * n;
    if (view.getUint16(field, little) === 0x0112) return Math.min(8, Math.max(1, view.getUint16(field + 8, little)));
  }
  return 1;
}

const HEIC = /^ftyp(hei|hev|mif|msf|avi)/; // what many phones' cameras write, and this browser can't draw

async function photographed(event) {
  const file = event.target.files[0];
  event.target.value = "";
  if (!file) return;
  let blob = file; // HEIC goes as it is: the server turns it
  try {
    blob = await smaller(file);
  } catch (error) {
    const raw = new Uint8Array(await file.slice(4, 12).arrayBuffer());
    if (!HEIC.test(String.fromCharCode(...raw))) {
      toast(words.not_a_photo);
      return;
    }
  }
  const said = $("text").value.trim();
  const reports = ["official", "town"].includes(me.role);
  const caption = reports && said && !said.startsWith("/") && said.length <= CAPTION ? { caption: said } : {};
  if (caption.caption) {
    $("text").value = "";
    sized();
  }
  upload(blob, [words.photo, caption.caption].filter(Boolean).join(" "), caption);
}
$("photo").addEventListener("change", photographed);

// -- the voice ---------------------------------------------------------------------------------------------------------
// Held it records until it is let go, pushed aside or up it forgets; tapped it records until 停 is tapped. A touch that
// the phone itself takes away (a call comes in) neither sends nor forgets: it goes on as if it had been tapped.

const voice = { recorder: null, asking: false, held: 0, from: null, aside: false, dropped: false };
const HOLD = 500;
const ASIDE = 80;

function press(event) {
  if (voice.recorder) {
    stop(false);
    return;
  }
  Object.assign(voice, { held: Date.now(), from: [event.clientX, event.clientY], aside: false });
  record();
}

function slide(event) {
  if (!voice.held) return;
  const [x, y] = voice.from;
  const aside = Math.abs(event.clientX - x) > ASIDE || y - event.clientY > ASIDE;
  if (aside === voice.aside) return;
  voice.aside = aside;
  sayHow();
}

function release() {
  if (!voice.held) return;
  const long = Date.now() - voice.held > HOLD;
  voice.held = 0;
  sayHow();
  if (!long) return;
  if (voice.recorder) stop(voice.aside);
  else voice.dropped = true; // let go before the microphone was there
}

function takenAway() {
  voice.held = 0;
  voice.aside = false;
  sayHow();
}

function stop(forget) {
  voice.dropped = forget;
  if (voice.recorder) voice.recorder.stop();
}

// What happens when the finger is lifted.
function sayHow() {
  const held = voice.aside ? words.voice_let_go : words.voice_hold;
  $("recording-how").textContent = voice.held ? held : "";
  $("recording").classList.toggle("aside", Boolean(voice.held && voice.aside));
}

async function microphone() {
  voice.asking = true;
  try {
    if (!window.MediaRecorder) throw new Error("no recorder");
    return await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch (error) {
    toast(words.no_microphone);
    return null;
  } finally {
    voice.asking = false;
  }
}

async function record() {
  if (voice.recorder || voice.asking) return;
  voice.dropped = false;
  const sound = await microphone();
  if (!sound) return;
  const release = () => sound.getTracks().forEach((track) => track.stop());
  if (voice.dropped) {
    release();
    return;
  }
  const parts = [];
  const begun = Date.now();
  const seconds = () => Math.round((Date.now() - begun) / 1000);
  const tick = () => {
    $("recorded").textContent = put(words.recording, { count: String(seconds()) });
  };
  const ticks = setInterval(tick, 1000);
  voice.recorder = new MediaRecorder(sound);
  voice.recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
  voice.recorder.addEventListener("stop", () => {
    release();
    clearInterval(ticks);
    const blob = new Blob(parts, { type: voice.recorder.mimeType });
    voice.recorder = null;
    recording(false);
    if (voice.dropped) toast(words.voice_dropped);
    else if (blob.size > 5000000) toast(words.voice_long);
    else if (blob.size) upload(blob, `${words.voice} ${seconds()}″`, { seconds: seconds() });
  });
  voice.recorder.start();
  tick();
  sayHow();
  recording(true);
}

function recording(on) {
  $("recording").hidden = !on;
  $("voice").textContent = on ? words.stop : words.voice;
  $("voice").classList.toggle("on", on);
}

$("voice").addEventListener("pointerdown", press);
addEventListener("pointermove", slide, { passive: true });
addEventListener("pointerup", release);
addEventListener("pointercancel", takenAway);
$("voice").addEventListener("contextmenu", (event) => event.preventDefault());
$("voice").addEventListener("click", (event) => {
  if (event.detail) return; // a finger has been heard above; this is the keyboard
  if (voice.recorder) stop(false);
  else record();
});
$("forget").addEventListener("click", () => stop(true));

// -- where the person is -----------------------------------------------------------------------------------------------

export function sendPlace() {
  const failed = () => toast(words.no_place);
  if (!navigator.geolocation) {
    failed();
    return;
  }
  const found = ({ coords: { latitude, longitude } }) => outgoing("place", { latitude, longitude }, words.place);
  navigator.geolocation.getCurrentPosition(found, failed, { enableHighAccuracy: true, timeout: 15000 });
}
