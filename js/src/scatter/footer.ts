// How many points there are and how many are selected, what to do with the selection, and finding by text.
import { h, setText } from "../ui/dom";
import { count, counted } from "../ui/format";
import { CLOSE, icon, SEARCH } from "../ui/icons";
import { howOf } from "./gestures";
import { EXAMPLES } from "./query";
import type { How } from "./selection";

export interface Footer {
  readonly element: HTMLElement;
  /** What was said, to lie over the plot: in a line of its own it would move the plot. */
  readonly word: HTMLElement;
  /** `selected` of all samples, `visible` of them among the points. */
  counts(points: number, selected: number, visible: number): void;
  /** A short word on what a gesture did, for a while; "" takes it away. */
  say(text: string): void;
  /** What is being waited for; it stays until something else is said. */
  wait(text: string): void;
  destroy(): void;
}

export interface FooterEvents {
  all(): void;
  invert(): void;
  clear(): void;
  find(text: string, how: How): void;
  /** The search was given up. */
  forget(): void;
}

const SAID_MS = 8000;

export function footer(events: FooterEvents): Footer {
  const points = h("span", { "data-testid": "point-count" });
  const selected = h("span", { "data-testid": "selection-count" });
  const word = h("div", { class: "iv-scatter-word", role: "status", "data-testid": "selection-word" });
  const status = h("div", { class: "iv-scatter-counts", role: "status", "aria-live": "polite" });
  status.append(points, " \u00b7 ", selected);

  const button = (name: string, id: string, title: string, go: () => void): HTMLButtonElement =>
    h("button", { type: "button", class: "iv-button", title, "data-testid": id, onclick: go }, name);
  const all = button("All", "select-all", "Select all points", () => events.all());
  const invert = button("Invert", "invert", "Select the points that are not selected", () => events.invert());
  const clear = button("Clear", "clear", "Select nothing (Escape)", () => events.clear());

  const input = h("input", {
    type: "text",
    class: "iv-input",
    placeholder: "cat  12, 40-60  label:3 predicted:8",
    title: `Select by text: Enter. Shift+Enter adds, Alt+Enter takes away.\n${EXAMPLES}`,
    "aria-label": "Select by class, sample number or condition",
    "data-testid": "find",
    "data-lm-suppress-shortcuts": "true",
    spellcheck: "false",
    autocomplete: "off",
  });
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" && input.value.trim()) events.find(input.value, howOf(event));
    else if (event.key === "Escape") empty();
    else return;
    event.preventDefault();
  });
  const empty = (): void => {
    input.value = "";
    wipe.hidden = true;
    events.forget();
    say("");
  };
  input.addEventListener("input", () => {
    wipe.hidden = input.value === "";
    events.forget();
    say("");
  });
  const wipe = h(
    "button",
    {
      type: "button",
      class: "iv-button iv-quiet iv-scatter-wipe",
      title: "Empty",
      "aria-label": "Empty the field",
      onclick: empty,
    },
    icon(CLOSE),
  );
  wipe.hidden = true;
  const find = h("div", { class: "iv-scatter-find" }, icon(SEARCH), input, wipe);

  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = (text: string): void => {
    clearTimeout(timer);
    setText(word, text);
    word.toggleAttribute("data-waiting", text !== "");
  };
  const say = (text: string): void => {
    wait(text);
    word.removeAttribute("data-waiting");
    if (text) timer = setTimeout(() => setText(word, ""), SAID_MS);
  };

  return {
    element: h(
      "div",
      { class: "iv-scatter-foot" },
      status,
      h("div", { class: "iv-segments", role: "group", "aria-label": "Selection" }, all, invert, clear),
      find,
    ),
    word,
    say,
    wait,
    destroy: () => clearTimeout(timer),
    counts(total, chosen, visible) {
      setText(points, counted(total, "point"));
      const hidden = chosen - visible;
      setText(selected, `${count(chosen)} selected${hidden ? ` (${count(hidden)} not shown)` : ""}`);
      all.disabled = total === 0 || visible === total;
      invert.disabled = total === 0;
      clear.disabled = chosen === 0;
    },
  };
}
