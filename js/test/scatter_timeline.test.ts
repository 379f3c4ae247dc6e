// @vitest-environment happy-dom
// The steps of a training under the points.
import { expect, it, vi } from "vitest";
import { embedding, find, freshPage, points, press, send, text, wants } from "./scatter_page";

freshPage();

const steps = ["before", "epoch 1", "epoch 2"];
const slide = (to: number): void => {
  const slider = find<HTMLInputElement>("step");
  slider.value = String(to);
  slider.dispatchEvent(new Event("input"));
};

it("is shown as soon as there are two steps, and says which one is looked at", () => {
  embedding();
  expect(find("timeline").hidden).toBe(true);
  embedding({ steps, step: "epoch 2" });
  expect(find("timeline").hidden).toBe(false);
  expect(find<HTMLInputElement>("step").value).toBe("2");
  expect(text("step-label")).toBe("epoch 2");
  expect(text("step-count")).toBe("3 of 3");
});

it("asks for the step that the slider is moved to, and is not moved back by an older answer", () => {
  embedding({ steps, step: "epoch 2" });
  slide(0);
  slide(1);
  embedding({ steps, step: "before" });
  expect(text("step-label")).toBe("epoch 1");
  expect(wants).toEqual([
    ["step", "before"],
    ["step", "epoch 1"],
  ]);
});

it("plays from the start, each step when the one before has arrived, and stops at the end", () => {
  embedding({ steps, step: "epoch 2" });
  press("play");
  vi.advanceTimersByTime(10_000);
  expect(wants).toEqual([["visit", "before"]]);
  points({ step: "before", final: false, stage: "iteration 2" });
  vi.advanceTimersByTime(10_000);
  expect(wants.length).toBe(1);
  for (const step of steps) {
    points({ run: step, step });
    vi.advanceTimersByTime(1000);
  }
  expect(wants).toEqual(steps.map((step) => ["visit", step]));
  expect(find("play").getAttribute("aria-label")).toBe("Play");
});

it("plays no further after a pause, a step by hand, or an error", () => {
  embedding({ steps, step: "epoch 2" });
  const ways = [() => press("play"), () => slide(2), () => send({ kind: "error", scope: "points", message: "no" })];
  for (const way of ways) {
    press("play");
    const asked = wants.at(-1)![1] as string;
    way();
    const count = wants.length;
    points({ run: `${count}`, step: asked });
    vi.advanceTimersByTime(5000);
    expect(wants.length).toBe(count);
    embedding({ steps, step: "epoch 2" });
    vi.advanceTimersByTime(5000);
  }
});

it("keeps the model at a press of a button", () => {
  press("keep");
  expect(wants).toEqual([["keep", true]]);
});
