// Joining: by a link, or by one's number and the six digits.

import { $, put } from "./dom.js";
import { attempt, isLine, keepOnPhone, memory, post, reach, toast, withWords } from "./line.js";
import { words } from "./words.js";

// Who has joined and opens the plain address, an icon or a notification wants the chat.
async function backToChat() {
  const known = memory.get("chat");
  if (!known) return false;
  try {
    if ((await reach(`/c/${known}/session`)).status === 401) return false;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // no signal: the page starts all the same
  }
  location.replace(`/c/${known}/`);
  return true;
}

function joiningCode() {
  const plain = (one) => one.normalize("NFKC").replace(/\s/g, ""); // １２３, and 029 122 as it was read out
  const [typed, code] = [$("phone").value, $("code").value].map(plain);
  const phone = typed.replace(/^\+86/, "").replace(/\D/g, "");
  return phone && /^\d{6}$/.test(code) ? `${phone}-${code}` : code;
}

// Why a code opens nothing; what has been filled in stays.
async function noEntry(answer) {
  const { refused: why, left } = await answer.json();
  const said = { wrong: words.join_wrong, used: words.join_used, expired: words.join_expired, spent: words.join_spent };
  $("join-trouble").textContent =
    said[why] +
    (why === "wrong" && left ? put(words.join_left, { left }) : "") +
    (words.phone ? put(words.join_call, { phone: words.phone }) : "");
  $("join-trouble").hidden = false;
  $("join-fields").hidden = false;
}

// Whoever opens a link sees whom it is for, and has one thing to do.
async function invited(code) {
  $("code").value = code;
  $("join-fields").hidden = true;
  $("join-how").textContent = "";
  try {
    const answer = await post("/api/invited", { code });
    const about = answer.headers.has("X-Chuishao") ? await answer.clone().json() : {};
    if (answer.ok) $("join-how").textContent = put(words.join_invites, about);
    if (!about.refused) return;
    await noEntry(answer);
    $("code").value = "";
  } catch (error) {
    if (!isLine(error)) throw error; // no signal yet: the button tries again
  }
}

async function join(event) {
  event.preventDefault();
  $("join-trouble").hidden = true;
  const answer = await attempt(() => post("/api/join", { code: joiningCode() }));
  if (!answer) {
    toast(words.join_failed);
    return;
  }
  if (answer.status === 403 && answer.headers.has("X-Chuishao")) await noEntry(answer);
  if (answer.ok) location.replace(`/c/${(await answer.json()).slug}/`);
}

async function start() {
  if (!location.hash && !location.search && (await backToChat())) return;
  $("join").hidden = false;
  const code = location.hash.slice(1).replace(/[^\w-]/g, "");
  $("join-form").addEventListener("submit", join);
  if (code) {
    history.replaceState(null, "", "/");
    await invited(code);
  }
  keepOnPhone();
}

withWords(start);
