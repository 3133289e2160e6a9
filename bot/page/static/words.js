// The page's own words, in the language of whoever holds it.

export const words = {};
export const tongue = { now: "zh_Hans" };

// Puts the words into the page. `fresh` is what the server has sent for that language.
export function speak(language, fresh) {
  for (const name of Object.keys(words)) delete words[name];
  Object.assign(words, fresh);
  tongue.now = language;
  document.documentElement.lang = language.replace("_", "-");
  document.title = words.title;
  for (const part of document.querySelectorAll("[data-word]")) part.textContent = words[part.dataset.word];
  for (const part of document.querySelectorAll("[data-hint]")) {
    part.placeholder = words[part.dataset.hint];
    part.setAttribute("aria-label", words[part.dataset.hint]);
  }
}
