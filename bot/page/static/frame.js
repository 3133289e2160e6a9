// What stands around the conversation: two tabs, and the lead that takes their place while it is open.

import { $ } from "./dom.js";

export const frame = { lead: 0, shown() {} }; // the open lead's message number; `shown` hears that the talk is in view

export function openTab(name) {
  $("leads").hidden = name !== "leads";
  for (const part of ["messages", "earlier-row"]) $(part).hidden = name === "leads";
  for (const one of ["leads", "talk"]) $(`tab-${one}`).setAttribute("aria-selected", String(one === name));
  $("chat").classList.toggle("talking", name === "talk");
  if (name === "talk") frame.shown();
}

export function openLead(messageId, drawn) {
  if (!frame.lead) history.pushState({ lead: messageId }, "");
  frame.lead = messageId;
  drawn();
  $("lead").hidden = false;
  $("chat").classList.add("with-lead");
  $("lead-card").scrollTop = 0;
  $("lead-back").focus();
}

export function closeLead(back = true) {
  if (!frame.lead) return;
  frame.lead = 0;
  $("lead").hidden = true;
  $("chat").classList.remove("with-lead");
  $("lead-card").textContent = $("lead-actions").textContent = "";
  if (back) history.back();
}

addEventListener("popstate", () => closeLead(false));
$("lead-back").addEventListener("click", () => closeLead());
for (const name of ["leads", "talk"]) $(`tab-${name}`).addEventListener("click", () => openTab(name));
