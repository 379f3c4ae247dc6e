// @vitest-environment happy-dom
// What uPlot is asked to draw, as calls of the canvas; how it looks is checked in a real browser.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Chart, type ChartData, chart, type Line } from "../src/charts";

let calls: [string, ...unknown[]][];
let made: Chart;
const size = { width: 400, height: 200 };

beforeEach(() => {
  calls = [];
  vi.stubGlobal(
    "Path2D",
    class {
      rect(): void {}
      arc(): void {}
      moveTo(): void {}
      lineTo(): void {}
      closePath(): void {}
    },
  );
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockImplementation(function (this: HTMLCanvasElement) {
    const state: Record<string, unknown> = { canvas: this };
    return new Proxy(state, {
      get: (_, name: string) => {
        if (name in state) return state[name];
        if (name === "measureText") return (text: string) => ({ width: 6 * text.length });
        return (...args: unknown[]) => {
          calls.push([name, ...args, name === "stroke" ? state.strokeStyle : name === "fill" ? state.fillStyle : null]);
        };
      },
      set: (_, name: string, value) => {
        state[name] = value;
        return true;
      },
    }) as unknown as CanvasRenderingContext2D;
  } as unknown as typeof HTMLCanvasElement.prototype.getContext);
  for (const [name, value] of [
    ["clientWidth", size.width],
    ["clientHeight", size.height],
  ] as const)
    vi.spyOn(HTMLElement.prototype, name, "get").mockImplementation(() => value);
  made = chart({ height: size.height });
  document.body.replaceChildren(made.element);
});
afterEach(() => {
  made.destroy();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const line: Line = { kind: "line", name: "loss", colour: "rgb(1, 2, 3)", x: [0, 1, 2], y: [3, 2, 1] };
const show = async (changes: Partial<ChartData> = {}): Promise<void> => {
  calls = [];
  made.show({ title: "loss", series: [line], ...changes });
  await Promise.resolve(); // uPlot draws in a microtask
};
const texts = (): unknown[] => calls.filter(([name]) => name === "fillText").map(([, text]) => text);
const canvases = (): number => made.element.querySelectorAll("canvas").length;

it("draws axes with the ticks of the scene, and each series in its colour", async () => {
  await show({ x: { label: "step" }, y: { low: 0, high: 4, ticks: [{ at: 0 }, { at: 4, text: "four" }] } });
  expect(texts()).toEqual(expect.arrayContaining(["0", "four", "step", "1", "2"]));
  expect(calls.some(([name, , colour]) => name === "stroke" && colour === line.colour)).toBe(true);
});

it("fills areas, more lightly than it draws lines", async () => {
  await show({ series: [{ ...line, low: [2, 1, 0], high: [4, 3, 2] }] });
  expect(calls.some(([name, , colour]) => name === "fill" && colour === line.colour)).toBe(true);
});

it("keeps its canvas while numbers change, and needs another for another kind of axis", async () => {
  await show();
  const first = made.element.querySelector("canvas");
  await show({ series: [{ ...line, y: [30, 20, 10], dash: "dashed" }] });
  expect(made.element.querySelector("canvas")).toBe(first);
  expect(texts()).toContain("20");
  await show({ y: { scale: "log" } });
  expect([canvases(), made.element.querySelector("canvas") === first]).toEqual([1, false]);
  await show({ series: [line, { ...line, name: "rate", side: "right" }] });
  expect(canvases()).toBe(1);
});

it("writes marks and their words", async () => {
  await show({ marks: [{ x: 1, word: "paused", colour: "rgb(9, 9, 9)" }] });
  expect(texts()).toContain("paused");
  expect(calls.some(([name, colour]) => name === "stroke" && colour === "rgb(9, 9, 9)")).toBe(true);
});

it("bears that series come and go faster than uPlot draws", async () => {
  made.show({ title: "", series: [line, { ...line, name: "rate" }] });
  made.show({ title: "", series: [line], y: { scale: "log" } });
  made.show({ title: "", series: [] });
  await Promise.resolve();
  expect(canvases()).toBe(1);
  await show();
  expect(texts()).toContain("2");
  made.show({ title: "", series: [line, line] });
  made.destroy();
  await Promise.resolve(); // an error here would fail the test
  expect(canvases()).toBe(0);
});

it("takes its canvas away", async () => {
  await show();
  made.destroy();
  expect(canvases()).toBe(0);
});
