"use strict";
// Three phones side by side, each a page of its own with its own session.

async function start() {
  const words = await (await fetch("/words/zh_Hans")).json();
  const phones = await (await fetch("/demo/phones")).json();
  for (const part of document.querySelectorAll("[data-word]")) part.textContent = words[part.dataset.word];
  document.title = words.demo_title;
  for (const [role, slug] of Object.entries(phones)) {
    const phone = document.createElement("figure");
    const name = document.createElement("figcaption");
    name.textContent = words[`demo_${role}`];
    const frame = document.createElement("iframe");
    frame.src = `/c/${slug}/`;
    frame.title = name.textContent;
    frame.allow = "geolocation; microphone";
    phone.append(name, frame);
    document.getElementById("phones").append(phone);
  }
}

start();
