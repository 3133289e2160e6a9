// Forms and calendars below a card: what can be filled in instead of typed. Filled in they are a command's own words.

import { button, element, put } from "./dom.js";
import { takeFile } from "./importer.js";
import { toast } from "./line.js";
import { tongue, words } from "./words.js";

export const forms = { say() {} }; // says the command; given

function input(field) {
  if (field.kind === "select") {
    const made = element("select");
    made.append(element("option", "", ""));
    for (const one of field.options) made.append(element("option", "", one));
    made.value = field.value || "";
    return [made];
  }
  const made = element("input");
  made.type = field.kind === "check" ? "checkbox" : field.kind;
  made.autocomplete = "off";
  if (field.kind !== "check") made.value = field.value || "";
  if (!field.options.length) return [made];
  const list = element("datalist");
  list.id = `options-${Math.random().toString(36).slice(2)}`;
  for (const one of field.options) {
    const option = element("option");
    option.value = one;
    list.append(option);
  }
  made.setAttribute("list", list.id);
  return [made, list];
}

function valueOf(field, made) {
  if (field.kind === "check") return made.checked ? field.value : "";
  const said = made.value.trim();
  return field.kind === "tel" ? said.replace(/[\s-]/g, "") : said;
}

// One form, folded; one that asks for nothing is a button.
export function formOf(form) {
  if (form.fields.some((field) => field.kind === "file")) return takeFile(form);
  if (!form.fields.length) return button(form.title, () => forms.say(form.says));
  const folded = element("details", "form");
  folded.open = Boolean(form.open);
  const inside = element("form");
  const inputs = form.fields.map((field) => {
    const label = element("label", field.kind);
    const parts = input(field);
    label.append(element("span", "", field.label), ...parts);
    inside.append(label);
    return parts[0];
  });
  const send = element("button", "primary", words.form_send);
  inside.append(send);
  inside.addEventListener("submit", (event) => {
    event.preventDefault();
    const values = {};
    for (const [number, field] of form.fields.entries()) {
      values[field.name] = valueOf(field, inputs[number]) || (field.name === "last" ? values.first : "");
      if (values[field.name] || !field.required) continue;
      toast(put(words.form_missing, { name: field.label }));
      inputs[number].focus();
      return;
    }
    if (values.last && values.first > values.last) {
      toast(words.form_order);
      return;
    }
    folded.open = false;
    forms.say(put(form.says, values).replace(/ +/g, " ").trim());
  });
  folded.append(element("summary", "", form.title), inside);
  folded.addEventListener("toggle", () => {
    if (folded.open) folded.scrollIntoView({ block: "nearest" });
  });
  return folded;
}

// Who comes after whom, one below the other.
export function chainOf(chain) {
  const made = element("ol", "chain");
  for (const [when, who] of chain) {
    const one = element("li", "", who);
    one.prepend(element("b", "", when));
    made.append(one);
  }
  return made;
}

// Weeks of seven days; a day on which something is missing is red.
export function calendarOf(days) {
  const made = element("div", "calendar");
  const locale = tongue.now.replace("_", "-");
  const weekday = new Intl.DateTimeFormat(locale, { weekday: "narrow", timeZone: "UTC" });
  const month = new Intl.DateTimeFormat(locale, { month: "short", timeZone: "UTC" });
  days.forEach(({ date, lines, gap }, number) => {
    const at = new Date(`${date}T00:00:00Z`);
    const day = at.getUTCDate();
    const cell = element("div", gap ? "gap" : "");
    const head = number === 0 || day === 1 ? `${month.format(at)}${day}` : String(day);
    cell.append(element("b", "", head), element("small", "", weekday.format(at)));
    for (const line of lines) cell.append(element("span", "", line));
    made.append(cell);
  });
  if (days.some((one) => one.gap)) made.append(element("p", "", words.calendar_gap));
  return made;
}
