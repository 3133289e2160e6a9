"use strict";
// Three phones side by side, and a fourth for who wants it, each a page of its own with its own session; on a phone one
// at a time. The one in the middle is that of the judge who is meant.

function made(tag, text) {
  const one = document.createElement(tag);
  one.textContent = text;
  return one;
}

// Says it on the village secretary's phone, as if it had been typed there.
function say(text) {
  const phone = document.querySelector("iframe").contentDocument;
  const box = phone.getElementById("text");
  box.value = text;
  box.dispatchEvent(new Event("input"));
  phone.getElementById("send").click();
  show(0);
}

function show(number) {
  document.querySelectorAll("figure").forEach((one, at) => one.classList.toggle("current", at === number));
  document
    .querySelectorAll("#whose button")
    .forEach((one, at) => one.setAttribute("aria-pressed", String(at === number)));
}

function add(role, slug, words) {
  const phone = document.createElement("figure");
  const name = made("figcaption", words[`demo_${role}`]);
  const frame = document.createElement("iframe");
  frame.src = `/c/${slug}/`;
  frame.title = name.textContent;
  frame.allow = "geolocation; microphone";
  phone.append(name, frame);
  document.getElementById("phones").append(phone);
  const number = document.querySelectorAll("figure").length - 1;
  const tab = made("button", name.textContent);
  tab.addEventListener("click", () => show(number));
  document.getElementById("whose").append(tab);
}

// Several phones on one line: the browser holds six connections to a server, and each open phone one.
async function meant(words) {
  const answer = await fetch("/demo/meant");
  const { slug, name } = answer.ok ? await answer.json() : {};
  const phone = document.querySelectorAll("figure")[1];
  const frame = phone.querySelector("iframe");
  if (!slug || frame.src.endsWith(`/c/${slug}/`)) return;
  frame.src = `/c/${slug}/`;
  phone.querySelector("figcaption").textContent = `${words.demo_judge} · ${name}`;
}

async function start() {
  if (location.hash) {
    location.replace(`/?join${location.hash}`);
    return;
  }
  const words = await (await fetch("/words/zh_Hans")).json();
  const { admin, ...phones } = await (await fetch("/demo/phones")).json();
  for (const part of document.querySelectorAll("[data-word]")) part.textContent = words[part.dataset.word];
  document.title = words.demo_title;
  for (const example of [words.demo_example, words.demo_example_car, words.demo_example_wrong]) {
    const one = made("button", example);
    one.addEventListener("click", () => say(example));
    document.getElementById("examples").append(" ", one);
  }
  for (const [role, slug] of Object.entries(phones)) add(role, slug, words);
  const more = made("button", words.demo_more);
  more.addEventListener("click", () => {
    add("admin", admin, words);
    more.remove();
    show(3);
  });
  document.getElementById("more").append(more);
  show(0);
  setInterval(() => meant(words).catch((error) => console.warn("no word of who is meant", error.name)), 1500);
}

start();
