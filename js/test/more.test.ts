// @vitest-environment happy-dom
import { beforeEach, expect, it } from "vitest";
import { h } from "../src/ui/dom";
import { more } from "../src/ui/more";

let panel: HTMLElement;
let button: HTMLButtonElement;
const input = h("input");
const open = (): [boolean, string | null] => [panel.hasAttribute("data-open"), button.getAttribute("aria-expanded")];
const pressEscape = (from: HTMLElement): Event => {
  const event = new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true });
  from.dispatchEvent(event);
  return event;
};

beforeEach(() => {
  panel = h("div", null, input);
  button = more(panel, "more", "what is rarely changed");
  document.body.replaceChildren(button, panel);
});

it("shows its panel at a press, and hides it at another", () => {
  expect(open()).toEqual([false, "false"]);
  expect(button.getAttribute("aria-controls")).toBe(panel.id);
  button.click();
  expect(open()).toEqual([true, "true"]);
  button.click();
  expect(open()).toEqual([false, "false"]);
});

it("is closed by Escape from within, which gives the button the focus and nobody else the key", () => {
  button.click();
  input.focus();
  expect(pressEscape(input).defaultPrevented).toBe(true);
  expect(open()).toEqual([false, "false"]);
  expect(document.activeElement).toBe(button);
  expect(pressEscape(button).defaultPrevented).toBe(false);
});
