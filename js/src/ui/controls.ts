// Small controls with a name beside them: choices, joined buttons, sliders.
import { h, setText } from "./dom";

export interface Control<T> {
  readonly element: HTMLElement;
  /** Show a value, without telling anybody. */
  set(value: T): void;
}

const named = (name: string, control: HTMLElement, tail?: HTMLElement): HTMLElement =>
  h("label", { class: "iv-control" }, h("span", { class: "iv-name" }, name), control, tail);

const quiet = { "data-lm-suppress-shortcuts": "true" };

type Option<T extends string> = readonly [value: T, text: string, title?: string];

export interface Choice<T extends string> extends Control<T> {
  /** Replace what can be chosen: value and text of each, and a title where the text is shortened. */
  options(list: readonly Option<T>[]): void;
}

/** A drop-down list. */
export function choice<T extends string>(
  name: string,
  id: string,
  list: readonly Option<T>[],
  changed: (value: T) => void,
): Choice<T> {
  const select = h("select", { class: "iv-select", "data-testid": id, ...quiet });
  select.addEventListener("change", () => changed(select.value as T));
  let text = "";
  const options: Choice<T>["options"] = (items) => {
    const now = JSON.stringify(items);
    if (now === text) return; // an open list would close
    text = now;
    select.replaceChildren(...items.map(([value, label, title]) => h("option", { value, title, dir: "auto" }, label)));
  };
  options(list);
  return {
    element: named(name, select),
    options,
    set: (value) => {
      select.value = value;
    },
  };
}

export interface Check extends Control<boolean> {
  /** What is ticked: "misclassified only". */
  name(text: string): void;
  /** Say why it cannot be ticked; "" when it can. */
  refuse(reason: string): void;
  readonly checked: boolean;
}

/** A box to be ticked, with its name behind it. */
export function check(name: string, id: string, changed: (on: boolean) => void, title = ""): Check {
  const box = h("input", { type: "checkbox", "data-testid": id, ...quiet });
  const text = h("span", null, name);
  const element = h("label", { class: "iv-check", title }, box, text);
  box.addEventListener("change", () => changed(box.checked));
  return {
    element,
    get checked() {
      return box.checked;
    },
    set: (on) => {
      box.checked = on;
    },
    name: (next) => setText(text, next),
    refuse(reason) {
      // What is ticked already can be taken back.
      box.disabled = reason !== "" && !box.checked;
      element.title = reason || title;
      element.toggleAttribute("data-disabled", box.disabled);
    },
  };
}

/** Joined buttons of which one is on. */
export function segments<T extends string>(
  name: string,
  id: string,
  list: readonly (readonly [T, string, string?])[],
  changed: (value: T) => void,
): Control<T> {
  const buttons = list.map(([value, label, title]) =>
    h(
      "button",
      {
        type: "button",
        class: "iv-button",
        "aria-pressed": "false",
        title,
        "data-testid": `${id}-${value}`,
        onclick: () => changed(value),
      },
      label,
    ),
  );
  return {
    element: h(
      "div",
      { class: "iv-control" },
      h("div", { class: "iv-segments", role: "group", "aria-label": name }, ...buttons),
    ),
    set: (value) => {
      for (const [i, button] of buttons.entries()) button.setAttribute("aria-pressed", String(list[i]![0] === value));
    },
  };
}

/** A slider over powers of two, e.g. from 1/4 to 4, with 1 in the middle; a double click goes back to 1. */
export function powerSlider(
  name: string,
  id: string,
  [least, most]: readonly [number, number],
  changed: (value: number) => void,
): Control<number> {
  const input = h("input", {
    type: "range",
    class: "iv-range",
    min: Math.log2(least),
    max: Math.log2(most),
    step: 0.05,
    "data-testid": id,
    ...quiet,
  });
  const shown = h("output", null);
  const set = (value: number): void => {
    input.value = String(Math.log2(value));
    shown.textContent = value.toFixed(2);
    input.setAttribute("aria-valuetext", value.toFixed(2));
  };
  const change = (value: number): void => {
    set(value);
    changed(value);
  };
  input.addEventListener("input", () => change(2 ** Number(input.value)));
  input.addEventListener("dblclick", () => change(1));
  return { element: named(name, input, shown), set };
}

/** A slider over the indices of an axis: "axis 1: 3 of 8", counted from 0 as in code. */
export function indexSlider(name: string, id: string, size: number, changed: (value: number) => void): Control<number> {
  const input = h("input", {
    type: "range",
    class: "iv-range",
    min: 0,
    max: Math.max(0, size - 1),
    step: 1,
    "data-testid": id,
    ...quiet,
  });
  const shown = h("output", null);
  const set = (value: number): void => {
    input.value = String(value);
    shown.textContent = `${value} of ${size}`;
  };
  input.addEventListener("input", () => {
    set(Number(input.value));
    changed(Number(input.value));
  });
  return { element: named(name, input, shown), set };
}
