// @vitest-environment happy-dom
// What a drag, a click, the wheel and the keys mean on the plot.
import { beforeEach, describe, expect, it } from "vitest";
import { type Gestures, gestures, type Mode } from "../src/scatter/gestures";

let surface: HTMLElement;
let hands: Gestures;
let did: unknown[][];
let solid: boolean;

const note =
  (name: string) =>
  (...what: unknown[]): void => {
    did.push([name, ...what]);
  };
const pointer = (type: string, x: number, y: number, init: PointerEventInit = {}): void => {
  surface.dispatchEvent(new PointerEvent(type, { clientX: x, clientY: y, button: 0, pointerId: 1, ...init }));
};
const drag = (path: [number, number][], init: PointerEventInit = {}): void => {
  pointer("pointerdown", ...path[0]!, init);
  for (const [x, y] of path.slice(1)) pointer("pointermove", x, y, init);
  pointer("pointerup", ...path.at(-1)!, init);
};
const CORNER: [number, number][] = [
  [10, 10],
  [60, 10],
  [60, 60],
];

beforeEach(() => {
  did = [];
  solid = false;
  surface = document.createElement("div");
  surface.setPointerCapture = () => {};
  surface.hasPointerCapture = () => false;
  hands = gestures(surface, {
    pan: note("pan"),
    rotate: note("rotate"),
    zoom: note("zoom"),
    fit: note("fit"),
    outline: (points) => did.push(["outline", points === null ? null : points.length / 2]),
    select: note("select"),
    hover: note("hover"),
    leave: note("leave"),
    click: note("click"),
    key: (event) => {
      did.push(["key", event.key]);
      return event.key === "l";
    },
    solid: () => solid,
  });
});

describe("a drag", () => {
  it("moves the points, step by step", () => {
    drag(CORNER);
    expect(did).toEqual([
      ["pan", 50, 0],
      ["pan", 0, 50],
    ]);
  });

  it.each<[PointerEventInit, string]>([
    [{}, "replace"],
    [{ shiftKey: true }, "add"],
    [{ altKey: true }, "subtract"],
    [{ ctrlKey: true }, "subtract"],
  ])("with the lasso and %o selects with %s", (init, how) => {
    hands.mode = "lasso";
    drag(CORNER, init);
    expect(did.at(-1)).toEqual(["select", [10, 10, 60, 10, 60, 60], how]);
    expect(did.at(-2)).toEqual(["outline", null]);
  });

  it("selects also while moving is chosen, when shift or alt is held", () => {
    drag(CORNER, { shiftKey: true });
    expect(did.at(-1)).toEqual(["select", [10, 10, 60, 10, 60, 60], "add"]);
  });

  it("over a rectangle gives its four corners", () => {
    hands.mode = "rectangle";
    drag(CORNER);
    expect(did.at(-1)).toEqual(["select", [10, 10, 60, 10, 60, 60, 10, 60], "replace"]);
  });

  it.each<[Mode, PointerEventInit]>([
    ["rotate", {}],
    ["pan", { button: 2 }],
    ["lasso", { button: 2 }],
  ])("turns what has three dimensions: %s, %o", (mode, init) => {
    solid = true;
    hands.mode = mode;
    drag(CORNER, init);
    expect(did).toEqual([
      ["rotate", 50, 0],
      ["rotate", 0, 50],
    ]);
  });

  it("with the right button does nothing in the plane", () => {
    drag(CORNER, { button: 2 });
    expect(did.filter(([name]) => name !== "hover")).toEqual([]);
  });

  it("can be given up", () => {
    hands.mode = "lasso";
    pointer("pointerdown", 10, 10);
    pointer("pointermove", 60, 10);
    pointer("pointermove", 60, 60);
    expect(hands.cancel()).toBe(true);
    expect(hands.cancel()).toBe(false);
    pointer("pointerup", 60, 60);
    expect(did.map(([name]) => name)).not.toContain("select");
  });

  it("of a second finger is left alone", () => {
    pointer("pointerdown", 10, 10);
    pointer("pointermove", 100, 100, { pointerId: 2 });
    expect(did).toEqual([]);
  });
});

it("takes a press that hardly moves for a click, whatever the tool", () => {
  for (const mode of ["pan", "lasso", "rectangle"] as const) {
    hands.mode = mode;
    drag([
      [10, 10],
      [12, 11],
    ]);
  }
  expect(did.filter(([name]) => name !== "outline")).toEqual(Array(3).fill(["click", 10, 10, "replace"]));
});

it("zooms by the wheel about the pointer, in by rolling up, as much out as in", () => {
  const roll = (deltaY: number): number => {
    // happy-dom's WheelEvent has no coordinates.
    const event = new MouseEvent("wheel", { clientX: 5, clientY: 6 });
    surface.dispatchEvent(Object.assign(event, { deltaY, deltaMode: WheelEvent.DOM_DELTA_PIXEL }));
    const [name, factor, x, y] = did.at(-1)!;
    expect([name, x, y]).toEqual(["zoom", 5, 6]);
    return factor as number;
  };
  expect(roll(-100)).toBeGreaterThan(1);
  expect(roll(-100) * roll(100)).toBeCloseTo(1);
});

it("keeps the keys it uses from the page, and no others", () => {
  const used = new KeyboardEvent("keydown", { key: "l", bubbles: true, cancelable: true });
  const other = new KeyboardEvent("keydown", { key: "q", bubbles: true, cancelable: true });
  const heard: string[] = [];
  const page = document.createElement("div");
  page.append(surface);
  page.addEventListener("keydown", (event) => heard.push(event.key));
  surface.dispatchEvent(used);
  surface.dispatchEvent(other);
  expect([used.defaultPrevented, other.defaultPrevented]).toEqual([true, false]);
  expect(heard).toEqual(["q"]);
});
