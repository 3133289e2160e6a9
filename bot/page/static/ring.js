// Being heard: tones, shaking, the number on the icon and in the title, until somebody answers.

import { words } from "./words.js";

export const alarm = {
  waiting: [], // alerts that nobody has answered
  cameAt: new Map(), // message number -> when it came, by the phone's own clock, which may be wrong, but runs
  unread: 0, // what came while nobody was looking
};

let sound = null;
function tones() {
  try {
    sound = sound || new AudioContext();
    for (const [at, tone] of [
      [0, 880],
      [0.25, 1175],
      [0.5, 880],
    ]) {
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

const shake = (pattern) => navigator.vibrate && navigator.vibrate(pattern);

let blinking = 0;
let blink = true;

// Something has come; `loud` where it is an alert.
export function call(loud) {
  shake(loud ? [300, 120, 300, 120, 300] : [120, 80, 120]);
  if (loud) tones();
  if (!document.hidden) return;
  alarm.unread += 1;
  if (!blinking)
    blinking = setInterval(() => {
      blink = !blink;
      title();
    }, 1000);
  title();
}

export function title() {
  const count = alarm.unread || alarm.waiting.length;
  document.title = count && (blink || !alarm.unread) ? `(${count}) ${words.title}` : words.title || "";
}

// So many wait now.
export function waitsNow(messages) {
  alarm.waiting = messages;
  if (navigator.setAppBadge)
    navigator.setAppBadge(messages.length).catch((error) => console.warn("no badge", error.name));
  title();
}

// What came while the page was open goes on ringing until somebody answers, or so long that the ladder has called the
// next one.
const RINGS_FOR = 180000;
setInterval(() => {
  const rings = (one) => Date.now() - (alarm.cameAt.get(one.message_id) || 0) < RINGS_FOR;
  if (!alarm.waiting.some(rings)) return;
  shake([300, 120, 300]);
  tones();
}, 8000);

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  clearInterval(blinking);
  alarm.unread = blinking = 0;
  if (words.title) title();
});
