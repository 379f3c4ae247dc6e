// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { create } from "../src/views/notice";

it("shows progress and errors while there are any, and takes up no room otherwise", () => {
  const element = document.createElement("div");
  const view = create(element, { want: () => {}, upload: () => {} });
  const bar = element.querySelector<HTMLElement>("[role=progressbar]")!;
  expect([bar.hidden, element.textContent]).toEqual([true, ""]);

  view.update({ header: { kind: "busy", scope: "work", label: "working", fraction: 0.25 }, arrays: {} });
  view.update({ header: { kind: "error", scope: "work", message: "no layer <b>x</b>", detail: "" }, arrays: {} });
  expect([bar.hidden, bar.getAttribute("aria-valuenow")]).toEqual([false, "25"]);
  expect(element.querySelector("[role=alert]")!.textContent).toBe("no layer <b>x</b>");

  view.update({ header: { kind: "busy", scope: "work", label: "", fraction: null, over: true }, arrays: {} });
  view.update({ header: { kind: "error", scope: "work", message: "", detail: "", over: true }, arrays: {} });
  expect([bar.hidden, element.textContent]).toEqual([true, ""]);
  view.destroy();
  expect(element.childElementCount).toBe(0);
});
