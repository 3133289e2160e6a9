// A table that is handed in: what it would do is shown first, and it is taken in by a second tap.

import { button, element, put } from "./dom.js";
import { attempt, base, post, within } from "./line.js";
import { words } from "./words.js";

const SHOWN = 8; // remarks; the others unfold

export function takeFile(form) {
  const made = element("div", "form");
  const label = element("label", "tool", form.title);
  const input = element("input");
  input.type = "file";
  input.accept = ".xlsx,.xls,.xlsb,.ods,.csv,.txt";
  label.append(input, element("small", "", form.fields[0].label));
  const found = element("div", "import");
  found.setAttribute("role", "status");
  made.append(label, found);
  input.addEventListener("change", () => {
    const file = input.files[0];
    input.value = "";
    if (file) look(file, found);
  });
  return made;
}

async function send(file, go) {
  const form = new FormData();
  form.append("name", file.name);
  if (go) form.append("go", "1");
  form.append("file", file, "table");
  const answer = await attempt(() => post(`${base}/import`, form));
  return answer && answer.ok ? within(answer.json()) : null;
}

async function look(file, place) {
  place.textContent = words.import_looking;
  const told = await send(file, false);
  place.textContent = "";
  if (!told) return;
  place.append(element("strong", "", file.name));
  show(told, place);
  if (told.refused) return;
  place.append(element("p", "", told.changes ? words.import_dry : words.import_nothing));
  if (!told.changes) return;
  const go = button(words.import_go, () => takeIn(file, place, go), "primary");
  place.append(go);
  go.scrollIntoView({ block: "nearest" });
}

async function takeIn(file, place, go) {
  go.disabled = true;
  go.textContent = words.import_going;
  const told = await send(file, true);
  if (!told) {
    go.disabled = false;
    go.textContent = words.import_go;
    return;
  }
  place.textContent = "";
  place.append(element("strong", "", file.name));
  show(told, place);
  if (told.run) place.append(element("p", "good", words.import_done));
}

function show(told, place) {
  if (told.refused) {
    place.append(element("p", "bad", told.refused));
    return;
  }
  place.append(element("p", "", `${told.kind}：${told.summary}`));
  const rows = told.remarks.map((one) => element("li", "", one));
  const list = element("ul");
  list.append(...rows.slice(0, SHOWN));
  place.append(list);
  if (rows.length > SHOWN) {
    const more = button(put(words.import_more, { count: rows.length - SHOWN }), () => {
      list.append(...rows.slice(SHOWN));
      more.remove();
    });
    place.append(more);
  }
  if (told.rejects) place.append(button(words.import_rejects, () => keep(told.rejects)));
}

// Excel takes a .csv for UTF-8 by the mark before it.
function keep(text) {
  const file = element("a");
  file.href = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv" }));
  file.download = words.import_rejects_name;
  file.click();
  setTimeout(() => URL.revokeObjectURL(file.href), 60000);
}
