// @vitest-environment happy-dom
// The steps of a training under the points.
import { beforeEach, describe, expect, it, vi } from "vitest";
import { timeline } from "../src/scatter/timeline";
import { embedding, find, freshPage, press, text, wants } from "./scatter_page";

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

describe("playing", () => {
  let visited: string[];
  let line: ReturnType<typeof timeline>;
  const toggle = (): void => line.element.querySelector("button")!.click();
  beforeEach(() => {
    visited = [];
    line = timeline({ step: () => undefined, visit: (label) => visited.push(label) });
    line.show(steps, "epoch 2");
    toggle();
  });

  it("goes from the start on, to each step when the one before has arrived, and stops at the end", () => {
    vi.advanceTimersByTime(10_000);
    line.arrived("epoch 2");
    vi.advanceTimersByTime(10_000);
    expect(visited).toEqual(["before"]);
    for (const step of steps) {
      line.show(steps, step);
      line.arrived(step);
      vi.advanceTimersByTime(1000);
    }
    expect(visited).toEqual(steps);
    expect(line.element.querySelector("button")!.getAttribute("aria-label")).toBe("Play");
  });

  it("goes no further after a pause, a step by hand, or an error", () => {
    const byHand = (): void => {
      line.element.querySelector("input")!.value = "2";
      line.element.querySelector("input")!.dispatchEvent(new Event("input"));
    };
    for (const end of [toggle, byHand, line.stop]) {
      line.arrived(visited.at(-1)!);
      end();
      const before = visited.length;
      vi.advanceTimersByTime(10_000);
      expect(visited.length).toBe(before);
      line.show(steps, "epoch 2");
      toggle();
    }
  });
});

it("keeps the model at a press of a button", () => {
  press("keep");
  expect(wants).toEqual([["keep", true]]);
});
