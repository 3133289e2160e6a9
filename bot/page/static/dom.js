// What the page is put together from: elements, buttons, links, and words with something put in. For Chrome 80.

export const $ = (id) => document.getElementById(id);

export function element(tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
}

export function button(text, act, name) {
  const made = element("button", name, text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

export function row(parts) {
  const made = element("div", "row");
  made.append(...parts);
  return made;
}

export function link(href, text, name) {
  const made = element("a", name, text);
  made.href = href;
  if (/^https?:/.test(href)) {
    made.target = "_blank";
    made.rel = "noopener noreferrer";
  }
  return made;
}

const CALLED = /\+86\d{10,11}|\b0\d{2,3}-\d{7,8}\b|https?:\/\/[^\s，。；：！？、（）《》「」“”<>"]+/g;

// Telephone numbers that are called by one tap, and addresses that open.
export function linked(whole, text) {
  let at = 0;
  for (const found of text.matchAll(CALLED)) {
    whole.append(text.slice(at, found.index));
    const phone = !found[0].startsWith("http");
    whole.append(link(phone ? `tel:${found[0]}` : found[0], phone ? found[0].replace("+86", "") : found[0]));
    at = found.index + found[0].length;
  }
  whole.append(text.slice(at));
}

export const put = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] || "");
