// Charts without a page: places of values, ticks, words, paths, keys.
import { describe, expect, it } from "vitest";
import { group } from "../src/charts/group";
import { join, nearest, valueAt } from "../src/charts/join";
import { rowTo, stepTo, zoomBy } from "../src/charts/keys";
import { endsFor, reach, ruler } from "../src/charts/scales";
import { type Plane, traceBand, traceBars, traceLine } from "../src/charts/shapes";
import { logTicks, powerTicks, roundTicks, ticksOf } from "../src/charts/ticks";
import type { Line } from "../src/charts/types";
import { placeWords, type Room, type Word } from "../src/charts/words";
import { pathPen } from "../src/charts/xml";

const line = (x: number[], y: number[]): Line => ({ kind: "line", name: "a", colour: "red", x, y });

describe("series with x values of their own", () => {
  it("are joined into one list of places, each once", () => {
    expect([...join([[1, 3, 5], Float32Array.of(2, 3), [Number.NaN, 9]])]).toEqual([1, 2, 3, 5, 9]);
    expect([...join([])]).toEqual([]);
  });

  it("say the nearest value, of two as near the first", () => {
    expect([0, 1.4, 1.5, 1.6, 9].map((at) => nearest([1, 2], at))).toEqual([0, 0, 0, 1, 1]);
    expect(nearest([], 1)).toBe(-1);
  });

  it("say nothing beyond their ends", () => {
    const series = line([10, 20, 30], [1, 2, 3]);
    expect([0, 10, 24, 40, 41].map((at) => valueAt(series, at))).toEqual([0, 0, 1, 2, -1]);
    expect(valueAt(series, -1)).toBe(-1);
    expect([4, 5].map((at) => valueAt(line([5], [1]), at))).toEqual([-1, 0]);
  });

  it("say nothing where nothing was recorded", () => {
    const series = { ...line([10, 20, 90, 100], [1, 2, 3, 4]), anew: [0, 0, 1, 0] };
    expect([20, 29, 50, 85, 90].map((at) => valueAt(series, at))).toEqual([1, 1, -1, -1, 2]);
  });

  it("as bars say the bar above a place", () => {
    const bars = { kind: "bars" as const, name: "a", colour: "red", edges: [0, 1, 2], heights: [5, 6] };
    expect([-0.1, 0, 0.5, 1, 1.5, 2, 2.1].map((at) => valueAt(bars, at))).toEqual([-1, 0, 0, 1, 1, 1, -1]);
  });
});

describe("scales", () => {
  it("place values and find them again", () => {
    for (const kind of ["linear", "log", "log2"] as const) {
      const scale = ruler(kind, 2, 32);
      expect([2, 8, 32].map((value) => scale.value(scale.place(value)))).toEqual(
        [2, 8, 32].map((value) => expect.closeTo(value, 9)),
      );
    }
    expect(ruler("log2", 1, 16).place(4)).toBeCloseTo(0.5);
    expect(ruler("log", 1, 10).place(0)).toBeNaN();
  });

  it("look at the values that they have a place for", () => {
    expect(reach([Number.NaN, -1, 0, 5, Infinity], "linear")).toEqual([-1, 5]);
    expect(reach([Number.NaN, -1, 0, 5], "log")).toEqual([5, 5]);
    expect(reach([0, -1], "log")).toBeNull();
  });

  it("fit themselves to values, but for the ends that are fixed", () => {
    expect(endsFor({}, [0, 10], 0.05)).toMatchObject({ low: -0.5, high: 10.5 });
    expect(endsFor({ low: 0 }, [0, 10], 0.05)).toMatchObject({ low: 0, high: 10.5 });
    expect(endsFor({ scale: "log", low: 0.8 }, [3, 100], 0.05)).toMatchObject({ low: 0.8, high: 120 });
  });

  it("have room for a value that never changes, and for none", () => {
    for (const [axis, found] of [
      [{}, [3, 3]],
      [{}, [0, 0]],
      [{}, null],
      [{ low: 5 }, [1, 2]],
      [{ scale: "log" }, [3, 3]],
      [{ scale: "log" }, null],
      [{ scale: "log", low: 0 }, null],
    ] as const) {
      const { low, high } = endsFor(axis, found, 0.05);
      expect(high).toBeGreaterThan(low);
      if ("scale" in axis) expect(low).toBeGreaterThan(0);
    }
  });
});

describe("ticks", () => {
  it("are round numbers, written without the digits of a sum", () => {
    expect(roundTicks(0, 1, 6)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(roundTicks(-0.31, 0.31, 4)).toEqual([-0.2, 0, 0.2]);
    expect(roundTicks(0, 12_345, 4)).toEqual([0, 5000, 10_000]);
    expect(Object.is(roundTicks(-1, 1, 3)[1], 0)).toBe(true);
  });

  it("of a logarithmic axis are powers of ten and parts of them", () => {
    expect(logTicks(0.9, 12, 4)).toEqual([1, 2, 5, 10]);
    expect(logTicks(1e-5, 1, 6)).toEqual([1e-5, 1e-4, 0.001, 0.01, 0.1, 1]);
    expect(logTicks(1e-12, 1, 5).length).toBeLessThanOrEqual(5);
    expect(logTicks(3.1, 3.9, 4).length).toBeGreaterThan(1);
  });

  it("of ranks are powers of two", () => {
    expect(powerTicks(0.9, 9, 9)).toEqual([1, 2, 4, 8]);
    expect(powerTicks(0.1, 1, 9)).toEqual([0.125, 0.25, 0.5, 1]);
    expect(powerTicks(1, 65_536, 9)).toEqual([1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536]);
  });

  it("have texts that do not meet, and are told apart", () => {
    const ticks = ticksOf(
      {},
      [0, 100_000],
      20,
      (value) => value / 500,
      (text) => 8 * text.length,
    );
    expect(ticks.length).toBeGreaterThan(2);
    for (let i = 1; i < ticks.length; i++) {
      const [a, b] = [ticks[i - 1]!, ticks[i]!];
      expect((b.at - a.at) / 500).toBeGreaterThanOrEqual(4 * (a.text.length + b.text.length));
    }
    const rounded = ticksOf(
      { format: (value) => `${Math.round(value)} %` },
      [1, 3],
      20,
      (v) => 500 * v,
      () => 10,
    );
    expect(new Set(rounded.map(({ text }) => text)).size).toBe(rounded.length);
  });

  it("that are given are kept where there is room", () => {
    const given = [{ at: 0, text: "0" }, { at: 0.5, text: "1e−3" }, { at: 9 }, { at: 99 }];
    expect(
      ticksOf(
        { ticks: given },
        [0, 10],
        4,
        (value) => 10 * value,
        () => 12,
      ),
    ).toEqual([
      { at: 0, text: "0" },
      { at: 9, text: "9" },
    ]);
  });
});

describe("words of marks", () => {
  const room: Room = { width: 400, beyond: 10, place: (x) => x, measure: (text) => 6 * text.length };
  const mark = (x: number, word: string, rank = 0) => ({ x, word, colour: "red", rank });
  const spanOf = ({ at, text, ends }: Word): [number, number] =>
    ends ? [at - room.measure(text), at] : [at, at + room.measure(text)];

  it("never overlap, in however many rows", () => {
    const marks = Array.from({ length: 40 }, (_, i) => mark(10 * i, `word ${i}`, i % 3));
    const words = placeWords(marks, room);
    expect(words.length).toBeGreaterThan(10);
    for (const a of words)
      for (const b of words) {
        if (a === b || a.row !== b.row) continue;
        const [[a0, a1], [b0, b1]] = [spanOf(a), spanOf(b)];
        expect(a1 <= b0 || b1 <= a0).toBe(true);
      }
  });

  it("end at their line where they would leave the chart", () => {
    expect(placeWords([mark(395, "an error")], room)).toEqual([{ at: 395, row: 0, text: "an error", ends: true }]);
  });

  it("are counted when they come again close by, and only then", () => {
    const words = placeWords([mark(10, "dead"), mark(300, "dead"), mark(14, "dead"), mark(12, "")], room);
    expect(words.map(({ at, text }) => [at, text])).toEqual([
      [10, "dead ×2"],
      [300, "dead"],
    ]);
  });

  it("give way to those that tell more, and to what is shown", () => {
    const many = [1, 2, 3, 4, 5, 6].map((i) => mark(100 + i, `epoch number ${i}`, 5));
    const words = placeWords([...many, mark(104, "error", 0), mark(900, "unseen")], room);
    expect(words[0]).toMatchObject({ text: "error", row: 0 });
    expect(words).toHaveLength(4);
  });
});

describe("paths", () => {
  const plane: Plane = { x: (v) => v, y: (v) => (v > 0 ? 100 - v : Number.NaN), floor: 100, unit: 1 };
  const drawn = (trace: (pen: ReturnType<typeof pathPen>) => void): string => {
    const pen = pathPen();
    trace(pen);
    return pen.d;
  };

  it("of lines break at what is no number, and where nothing was recorded", () => {
    expect(drawn((pen) => traceLine(pen, plane, [0, 1, 2, 3, 4], [1, 2, Number.NaN, 4, 5]))).toBe(
      "M0 99L1 98M3 96L4 95",
    );
    expect(drawn((pen) => traceLine(pen, plane, [0, 1, 2, 3], [1, 2, 3, 4], [0, 0, 1, 0]))).toBe(
      "M0 99L1 98M2 97L3 96",
    );
  });

  it("of lines mark a lone value, and leave out what the scale has no place for", () => {
    expect(drawn((pen) => traceLine(pen, plane, [5, 6], [1, -1]))).toBe("M5 99M4 99L6 99");
    expect(drawn((pen) => traceLine(pen, plane, [5], [0]))).toBe("");
  });

  it("of bands go there and back, for each run", () => {
    const low = [1, 1, Number.NaN, 1];
    expect(drawn((pen) => traceBand(pen, plane, [0, 1, 2, 9], low, [2, 3, 4, 5]))).toBe(
      "M0 98L1 97L1 99L0 99ZM8 95L10 95L10 99L8 99Z",
    );
  });

  it("of bars begin and end with the first and the last that is not empty", () => {
    expect(drawn((pen) => traceBars(pen, plane, [0, 1, 2, 3, 4, 5], [0, 5, 0, 6, 0]))).toBe(
      "M1 100L1 95L2 95L2 100L3 100L3 94L4 94L4 100",
    );
    expect(drawn((pen) => traceBars(pen, plane, [0, 1, 2], [0, 0]))).toBe("");
  });
});

describe("keys", () => {
  const places = [1, 2, 4, 8];
  it("move the crosshair from value to value", () => {
    const from = (at: number | null, key: string): number | null => stepTo(key, { places, at });
    expect(from(null, "ArrowRight")).toBe(1);
    expect(from(null, "ArrowLeft")).toBe(8);
    expect([from(2, "ArrowRight"), from(2, "ArrowLeft"), from(8, "ArrowRight"), from(1, "ArrowLeft")]).toEqual([
      4, 1, 8, 1,
    ]);
    expect([from(3, "ArrowRight"), from(3, "ArrowLeft")]).toEqual([4, 2]); // between two
    expect([from(2, "Home"), from(2, "End"), from(2, "PageDown"), from(4, "PageUp")]).toEqual([1, 8, 8, 1]);
    expect(from(2, "a")).toBeNull();
    expect(stepTo("Home", { places: [], at: null })).toBeNull();
  });

  it("go from row to row, over those without a value", () => {
    expect(rowTo("ArrowDown", -1, [false, true, true])).toBe(1);
    expect(rowTo("ArrowUp", -1, [true, true, false])).toBe(1);
    expect(rowTo("ArrowDown", 2, [true, false, true])).toBe(0);
    expect(rowTo("ArrowDown", -1, [false])).toBe(-1);
    expect(rowTo("Enter", 0, [true])).toBeNull();
  });

  it("zoom around the crosshair, within the whole", () => {
    expect(zoomBy("+", 0.5, [0, 1])).toEqual([0.25, 0.75]);
    expect(zoomBy("+", 0, [0, 1])).toEqual([0, 0.5]);
    expect(zoomBy("-", 0.9, [0.8, 1])).toEqual([expect.closeTo(0.6), expect.closeTo(1)]);
    expect(zoomBy("-", 0.5, [0.2, 0.8])).toBeNull();
    expect(zoomBy("x", 0.5, [0, 1])).toBeUndefined();
  });
});

describe("a group", () => {
  it("tells its charts, and the user's zoom alone to the outside", () => {
    const [told, zooms]: [string[], unknown[]] = [[], []];
    const charts = group({ zoomed: (interval) => zooms.push(interval) });
    const one = charts.join((what) => told.push(what));
    expect([one.first, charts.join(() => {}).first]).toEqual([true, false]);
    charts.show([1, 2]);
    charts.show([1, 2]);
    expect([told, zooms]).toEqual([["interval"], []]);
    charts.zoom([3, 4]);
    charts.zoom([3, 4]);
    charts.zoom([5, 5]);
    charts.zoom([Number.NaN, 5]);
    charts.zoom(null);
    expect(zooms).toEqual([[3, 4], null]);
    told.length = 0;
    charts.point(7);
    charts.point(7);
    charts.toggle("loss");
    expect([told, charts.at, [...charts.hidden]]).toEqual([["crosshair", "hidden"], 7, ["loss"]]);
    one.leave();
    charts.toggle("loss");
    expect(told).toHaveLength(2);
    expect(charts.hidden.size).toBe(0);
  });
});
