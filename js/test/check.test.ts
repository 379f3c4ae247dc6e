// @vitest-environment happy-dom
import { expect, it, vi } from "vitest";
import { check } from "../src/ui/controls";

it("tells when it is ticked, and is not ticked by being told", () => {
  const changed = vi.fn();
  const { element, set } = check("wrong only", "wrong", changed, "those that are wrong");
  document.body.append(element); // what is in no page hears no change
  const box = element.querySelector("input")!;
  set(true);
  expect(box.checked).toBe(true);
  expect(changed).not.toHaveBeenCalled();
  box.click();
  expect(changed).toHaveBeenCalledExactlyOnceWith(false);
  expect([element.textContent, element.title, box.dataset.testid]).toEqual([
    "wrong only",
    "those that are wrong",
    "wrong",
  ]);
});

it("says why it cannot be ticked, but can be taken back", () => {
  const { element, set, refuse } = check("wrong only", "wrong", () => {}, "those that are wrong");
  const box = element.querySelector("input")!;
  refuse("no labels");
  expect([box.disabled, element.title, element.hasAttribute("data-disabled")]).toEqual([true, "no labels", true]);
  set(true);
  refuse("no labels");
  expect(box.disabled).toBe(false);
  refuse("");
  expect([box.disabled, element.title]).toEqual([false, "those that are wrong"]);
});
