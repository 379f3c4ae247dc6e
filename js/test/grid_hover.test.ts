// @vitest-environment happy-dom
// What lies over the tiles while the pointer is on one: it must not outlive the place it was shown at.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { give, type View } from "../src/view";
import { create } from "../src/views/channel_grid";
import { gridFrame, ramps } from "./grid_frames";

let element: HTMLElement;
let view: View;
let width: number;

const found = (selector: string): HTMLElement => element.querySelector<HTMLElement>(selector)!;
const hover = (): void => {
  const at = { clientX: 20, clientY: 20, bubbles: true };
  found('[data-testid="channels"]').dispatchEvent(new PointerEvent("pointermove", at));
};
const shown = (): boolean[] => ['[data-testid="tooltip"]', ".iv-hover"].map((selector) => !found(selector).hidden);

beforeEach(() => {
  width = 900;
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockImplementation(() => width);
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(400);
  const context = {
    createImageData: (w: number, h: number) => ({ width: w, height: h, data: new Uint8ClampedArray(4 * w * h) }),
  };
  const canvas = (own: HTMLCanvasElement): unknown =>
    new Proxy({ ...context, canvas: own } as Record<string, unknown>, {
      get: (all, name) => all[String(name)] ?? (() => ({ width: 0 })),
      set: () => true,
    });
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockImplementation(function (this: HTMLCanvasElement) {
    return canvas(this) as CanvasRenderingContext2D;
  });
  vi.stubGlobal(
    "OffscreenCanvas",
    class {
      getContext = () => canvas(this as unknown as HTMLCanvasElement);
    },
  );
  vi.stubGlobal(
    "ImageData",
    class {
      constructor(
        readonly data: Uint8ClampedArray,
        readonly width: number,
        readonly height: number,
      ) {}
    },
  );
  element = document.createElement("div");
  document.body.append(element);
  view = create(element, { want: () => {}, upload: () => {} });
  give(view, gridFrame(ramps(16, 4, 4)));
});
afterEach(() => {
  view.destroy();
  element.remove();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

it("is shown for the tile under the pointer", () => {
  expect(shown()).toEqual([false, false]);
  hover();
  expect(shown()).toEqual([true, true]);
});

it("goes when a click opens the panel and the tiles move", () => {
  hover();
  width = 500; // the panel beside the tiles takes its room
  found('[data-testid="channels"]').dispatchEvent(new MouseEvent("click", { clientX: 20, clientY: 20, bubbles: true }));
  expect(found('[data-testid="detail"]').hidden).toBe(false);
  expect(shown()).toEqual([false, false]);
});
