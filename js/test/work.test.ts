// @vitest-environment happy-dom
// A view's word on the work that is done for it.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { BusyFrame } from "../src/frames";
import { type Work, workOf } from "../src/ui/work";

let stopped: string[];
let work: Work;

const told = (scope: string, label: string, fraction: number | null): BusyFrame => ({
  header: { kind: "busy", scope, label, fraction, over: !label },
  arrays: {},
});
const cancel = (): void => work.note.querySelector<HTMLElement>("[data-testid=stop]")!.click();

beforeEach(() => {
  vi.useFakeTimers();
  stopped = [];
  work = workOf({ stop: (scope) => stopped.push(scope) });
});
afterEach(() => {
  work.destroy();
  vi.useRealTimers();
});

it("shows a line where no answer comes within a moment", () => {
  work.expect();
  vi.advanceTimersByTime(100);
  expect(work.line.hidden).toBe(true);
  vi.advanceTimersByTime(100);
  expect(work.line.hidden).toBe(false);
  work.answered();
  expect(work.line.hidden).toBe(true);
  work.expect();
  work.answered();
  vi.advanceTimersByTime(1000);
  expect(work.line.hidden).toBe(true);
});

it("says what is done and how far it is, in place of the line, and stops it", () => {
  work.expect();
  vi.advanceTimersByTime(200);
  work.show(told("grid", "channels of <b>", 0.25));
  expect(work.line.hidden).toBe(true);
  expect(work.note.hidden).toBe(false);
  expect(work.note.textContent).toContain("channels of <b> · 25 %");
  expect(work.note.querySelector("b")).toBeNull();
  expect(work.note.querySelector("[role=progressbar]")!.getAttribute("aria-valuenow")).toBe("25");
  work.show(told("channel", "one channel", null));
  expect(work.note.textContent).toContain("one channel");
  expect(work.note.querySelector("[role=progressbar]")!.hasAttribute("aria-valuenow")).toBe(false);
  cancel();
  expect(stopped).toEqual(["channel"]);
  work.show(told("channel", "", null));
  cancel();
  expect(stopped).toEqual(["channel", "grid"]);
  work.show(told("grid", "", null));
  expect(work.note.hidden).toBe(true);
  expect(work.running).toBe(false);
});
