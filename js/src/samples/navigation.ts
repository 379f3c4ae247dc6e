// Above the picture: which sample of how many, previous, next, random, and the user's own image.
import type { SampleFrame } from "../frames";
import { h, setText } from "../ui/dom";
import { count } from "../ui/format";
import { IMAGE, icon, LEFT, RIGHT, SHUFFLE } from "../ui/icons";
import { typed } from "./selection";

export interface NavigationEvents {
  step(by: 1 | -1): void;
  random(): void;
  jump(sample: number): void;
  file(file: File): void;
  dataset(): void;
  again(): void;
}

export interface Navigation {
  readonly element: HTMLElement;
  /** Below the picture: what `about` tells of it, and the user's own image, its name and the way back. */
  readonly own: HTMLElement;
  show(header: SampleFrame["header"]): void;
  /** Show a number before the kernel has answered. */
  expect(sample: number | null): void;
}

export function navigation(about: HTMLElement, events: NavigationEvents): Navigation {
  let total = 0;
  let sample: number | null = null;
  let typing = false;
  let ownName = "";

  const input = h("input", {
    class: "iv-input iv-sample-number",
    type: "number",
    min: 0,
    "aria-label": "Sample, counted from 0",
    title: "Type a number, as in code counted from 0",
    "data-testid": "sample-number",
    "data-lm-suppress-shortcuts": "true",
  });
  const of = h("span", { class: "iv-muted", "data-testid": "sample-total" });
  const button = (name: string, id: string, path: string, onclick: () => void): HTMLButtonElement =>
    h(
      "button",
      { type: "button", class: "iv-button", title: name, "aria-label": name, "data-testid": id, onclick },
      icon(path),
    );
  const buttons = h(
    "div",
    {
      class: "iv-segments iv-sample-steps",
      role: "group",
      "aria-label": "Choose a sample",
      "data-lm-suppress-shortcuts": "true",
    },
    button("Previous sample (left arrow)", "previous-sample", LEFT, () => events.step(-1)),
    button("Next sample (right arrow)", "next-sample", RIGHT, () => events.step(1)),
    button("Random sample", "random-sample", SHUFFLE, () => events.random()),
  );
  const element = h("div", { class: "iv-sample-nav" }, h("label", null, h("span", null, "Sample"), input), of, buttons);

  const set = (): void => {
    if (!typing) input.value = sample === null ? "" : String(sample);
  };
  input.addEventListener("input", (event) => {
    // A step of the arrow keys or the small arrows counts at once; digits when Enter is pressed or the field is left.
    typing = event instanceof InputEvent && event.inputType !== "";
  });
  input.addEventListener("change", () => {
    typing = false;
    const asked = typed(input.value, total);
    if (asked !== undefined && asked !== sample) events.jump(asked);
    set();
  });
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key !== "Escape") return;
    typing = false;
    set();
  });
  input.addEventListener("blur", () => {
    typing = false;
    set();
  });
  buttons.addEventListener("keydown", (event) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    events.step(by as 1 | -1);
  });

  const picker = h("input", {
    type: "file",
    accept: "image/*",
    tabindex: -1,
    "aria-hidden": "true",
    "data-testid": "file-input",
  });
  picker.hidden = true;
  picker.addEventListener("change", () => {
    const file = picker.files?.[0];
    picker.value = ""; // the same file again is a change, too
    if (file) events.file(file);
  });
  const choose = h(
    "button",
    {
      type: "button",
      class: "iv-button",
      title: "Show the model an image of yours; or drop one here",
      "data-testid": "file-button",
      onclick: () => picker.click(),
    },
    icon(IMAGE),
    h("span", null, "Your image…"),
  );
  const name = h("span", { class: "iv-sample-own-name", "data-testid": "own-name" });
  const back = h(
    "button",
    { type: "button", class: "iv-button", "data-testid": "back-to-dataset", onclick: () => events.dataset() },
    "Back to the data",
  );
  const again = h("button", {
    type: "button",
    class: "iv-button iv-sample-again",
    "data-testid": "own-again",
    onclick: () => events.again(),
  });
  const own = h("div", { class: "iv-sample-own" }, name, about, back, again, choose, picker);

  return {
    element,
    own,
    show(header) {
      total = header.total;
      sample = header.sample;
      const mine = sample === null;
      if (mine) ownName = header.name || "Your own image";
      input.max = String(Math.max(0, total - 1));
      input.placeholder = mine ? "own" : "";
      setText(of, `of ${count(total)}`);
      setText(name, mine ? ownName : "");
      name.title = mine ? ownName : "";
      setText(again, mine || !ownName ? "" : ownName);
      again.title = `Show ${ownName} again`;
      again.setAttribute("aria-label", again.title);
      for (const part of [name, back]) part.hidden = !mine;
      again.hidden = mine || !ownName;
      choose.hidden = header.input !== "image";
      set();
    },
    expect(next) {
      sample = next;
      set();
    },
  };
}
