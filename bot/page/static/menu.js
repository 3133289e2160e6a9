// Everything else that a person may do, in groups.

import { say, sendPlace } from "./composer.js";
import { $, button, element, put } from "./dom.js";
import { choosePin } from "./lock.js";
import { me } from "./me.js";
import { canStayLit, stayLit, staysLit } from "./waking.js";
import { tongue, words } from "./words.js";

const menu = { built: "" }; // what it was built from

const entry = (text, act) =>
  button(text, () => {
    openMenu(false);
    act();
  });

export function fillMenu(commands, groups) {
  const now = JSON.stringify([tongue.now, commands, me.role]);
  if (now === menu.built) return; // built anew under a finger it would lose the tap
  menu.built = now;
  const place = $("menu");
  place.textContent = "";
  if (me.role !== "supervisor") place.append(entry(words.place, sendPlace));
  let group = "";
  for (const { command, description } of commands) {
    if (groups[command] && groups[command] !== group) {
      group = groups[command];
      place.append(element("h2", "group", group));
    }
    place.append(entry(description, () => say(`/${command}`)));
  }
  place.append(element("p", "about", put(words.about, { version: words.version })));
  place.append(entry(words.pin, choosePin));
  if (me.role === "judge" && canStayLit())
    place.append(
      entry(staysLit() ? words.lit_off : words.lit_on, async () => {
        await stayLit(!staysLit());
        menu.built = "";
        fillMenu(commands, groups);
      }),
    );
}

export function openMenu(open) {
  $("menu").hidden = !open;
  $("open-menu").setAttribute("aria-expanded", String(open));
}

$("open-menu").addEventListener("click", () => openMenu($("menu").hidden));
$("say").addEventListener("submit", () => openMenu(false));
for (const part of ["urgent", "waiting", "sleepers", "tabs"]) $(part).addEventListener("click", () => openMenu(false));
