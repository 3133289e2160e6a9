"use strict";
// Three phones side by side, each a page of its own with its own session; on a phone one at a time.

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

async function start() {
  const words = await (await fetch("/words/zh_Hans")).json();
  const phones = await (await fetch("/demo/phones")).json();
  for (const part of document.querySelectorAll("[data-word]")) part.textContent = words[part.dataset.word];
  document.title = words.demo_title;
  for (const example of [words.demo_example, words.demo_example_car, words.demo_example_wrong]) {
    const one = made("button", example);
    one.addEventListener("click", () => say(example));
    document.getElementById("examples").append(" ", one);
  }
  Object.entries(phones).forEach(([role, slug], number) => {
    const phone = document.createElement("figure");
    const name = made("figcaption", words[`demo_${role}`]);
    const frame = document.createElement("iframe");
    frame.src = `/c/${slug}/`;
    frame.title = name.textContent;
    frame.allow = "geolocation; microphone";
    phone.append(name, frame);
    document.getElementById("phones").append(phone);
    const tab = made("button", name.textContent);
    tab.addEventListener("click", () => show(number));
    document.getElementById("whose").append(tab);
  });
  show(0);
}

start();
