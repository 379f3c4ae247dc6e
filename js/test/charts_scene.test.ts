// @vitest-environment happy-dom
// What charts look like and say, as numbers and texts: axes, read-outs, tables, SVG files, pictures.
import { describe, expect, it } from "vitest";
import { entriesOf } from "../src/charts/legend";
import { even, pixelsOf, slicesOf } from "../src/charts/picture";
import { readingsOf, spoken } from "../src/charts/readings";
import { type Circumstances, type Content, type Scene, sceneOf, stepsOf, xOf, yOf } from "../src/charts/scene";
import { svgOf } from "../src/charts/svg";
import { tableOf } from "../src/charts/table";
import type { Theme } from "../src/charts/theme";
import type { Band, Bars, HeatData, Line } from "../src/charts/types";
import { colourAt } from "../src/ui/colormaps";

const now: Circumstances = {
  width: 400,
  height: 220,
  interval: null,
  hidden: new Set(),
  words: true,
  measure: (text) => 6 * text.length,
};
const theme: Theme = {
  ink: "black",
  faint: "grey",
  line: "silver",
  surface: "white",
  family: "sans-serif",
  colour: (css) => css,
};
const loss: Line = { kind: "line", name: "loss", colour: "navy", x: [0, 10, 20, 30], y: [4, 3, Number.NaN, 1] };
const rate: Line = {
  ...{ kind: "line", name: "rate", colour: "plum", dash: "dotted", side: "right" },
  ...{ x: [0, 30], y: [0.01, 0.001] },
};
const band: Band = { kind: "band", name: "range", colour: "teal", x: [0, 15], low: [-1, -2], high: [1, Number.NaN] };
const training: Content = {
  title: "loss",
  series: [loss, rate, band],
  x: { name: "step", low: 0, high: 40 },
  right: { scale: "log" },
  marks: [
    { x: 10, word: "paused", colour: "red" },
    { x: 20, word: "", colour: "grey" },
  ],
  heat: null,
};
const bars: Bars = { kind: "bars", name: "pairs", colour: "grey", edges: [0, 0.5, 1], heights: [3, 0] };
const map: HeatData = {
  title: "conv1",
  edges: [0, 10, 20, 40],
  codes: Uint8Array.of(0, 1, 255, 0, 0, 0, 9, 0, 0),
  bins: 3,
  binText: (bin) => `bin ${bin}`,
  bar: { low: "few", high: "many", name: "values" },
};
const heat: Content = {
  title: "conv1",
  series: [],
  y: { low: 0, high: 3 },
  x: { name: "step", low: 0, high: 40 },
  heat: map,
};
const scene = (content: Content, changes: Partial<Circumstances> = {}): Scene =>
  sceneOf(content, { ...now, ...changes });

describe("a scene", () => {
  it("has room for its axes, and for the words of marks where they are written", () => {
    const [with_, without] = [scene(training), scene(training, { words: false })];
    expect(with_.words.map(({ text }) => text)).toEqual(["paused"]);
    expect(without.words).toEqual([]);
    expect(with_.plot.top).toBeGreaterThan(without.plot.top);
    const { plot } = with_;
    for (const { text } of with_.left.ticks) expect(6 * text.length).toBeLessThan(plot.left);
    for (const { text } of with_.right!.ticks) expect(6 * text.length).toBeLessThan(now.width - plot.left - plot.width);
    expect(xOf(with_, 0)).toBe(plot.left);
    expect(xOf(with_, 40)).toBe(plot.left + plot.width);
  });

  it("keeps the last number of the x axis within the chart", () => {
    const wide = scene({
      ...training,
      series: [loss],
      x: { low: 0, high: 40, format: (at) => `${at} thousand steps` },
    });
    const last = wide.x.ticks.at(-1)!;
    expect(xOf(wide, last.at) + 3 * last.text.length).toBeLessThanOrEqual(now.width);
  });

  it("fits the y axis to what is shown of the x axis", () => {
    const whole = scene({ ...training, series: [loss] });
    expect([whole.left.low, whole.left.high]).toEqual([expect.closeTo(0.85), expect.closeTo(4.15)]);
    const part = scene({ ...training, series: [loss] }, { interval: [22, 29] });
    expect([part.x.low, part.x.high]).toEqual([22, 29]);
    expect(part.left.high).toBeLessThan(2);
  });

  it("leaves out series that are switched off, and keeps their axis", () => {
    const off = scene(training, { hidden: new Set(["rate", "range"]) });
    expect(off.series).toEqual([loss]);
    expect(off.right).not.toBeNull();
  });

  it("can be of nothing", () => {
    const nothing = scene({ title: "", series: [{ ...loss, x: [], y: [] }], heat: null });
    expect(nothing.x.high).toBeGreaterThan(nothing.x.low);
    expect(readingsOf(nothing, 3).rows.map(({ value }) => value)).toEqual(["–"]);
  });

  it("starts bars at zero, or at the end of a logarithmic axis", () => {
    const counts = scene({ title: "", series: [bars], y: { low: 0 }, heat: null });
    expect(yOf(counts, counts.left, 0)).toBe(counts.plot.top + counts.plot.height);
    const d = svgOf({ scene: counts, theme, title: "", entries: [], picture: null }).match(
      /<path d="M[\d.]+ ([\d.]+)L/,
    );
    expect(Number(d![1])).toBe(counts.plot.top + counts.plot.height);
  });
});

describe("the read-out", () => {
  it("says each series where it has a value, and what happened there", () => {
    const said = readingsOf(scene(training), 10);
    expect(said.x).toBe("step 10");
    expect(said.rows.map(({ name, value }) => [name, value])).toEqual([
      ["loss", "3"],
      ["rate", "0.01"],
      ["range", "−2 to –"],
    ]);
    expect(said.marks.map(({ word }) => word)).toEqual(["paused"]);
    expect(spoken(said)).toBe("step 10, paused: loss 3, rate 0.01, range −2 to –");
  });

  it("says that there is nothing in a gap, and beyond the end", () => {
    const values = (at: number): string[] => readingsOf(scene(training), at).rows.map(({ value }) => value);
    expect(values(20)[0]).toBe("–");
    expect(values(38)[0]).toBe("1");
    expect(values(39.5)[2]).toBe("–");
  });

  it("gives the interval of an accuracy, and writes numbers as the axis does exactly", () => {
    const curve: Line = { ...loss, x: [1], y: [0.5], low: [0.4], high: [0.6] };
    const content = {
      title: "",
      series: [curve],
      y: { format: () => "rough", exact: (v: number) => `${100 * v} %` },
      heat: null,
    };
    expect(readingsOf(scene(content), 1).rows[0]!.value).toBe("50 % (40 % to 60 %)");
  });

  it("names the bar", () => {
    const content = { title: "", series: [bars], x: { label: "cosine" }, heat: null };
    expect(readingsOf(scene(content), 0.2)).toMatchObject({ x: "cosine 0 to 0.5", rows: [{ value: "3" }] });
  });

  it("of a heat map says the fullest bin, and the one under the pointer", () => {
    const values = (at: number, height: number | null): string[][] =>
      readingsOf(scene(heat), at, height).rows.map(({ name, value }) => [name, value]);
    expect(values(5, null)).toEqual([["most frequent", "bin 2"]]);
    expect(values(5, 1.5)[0]).toEqual(["bin 1", "1 of 255"]);
    expect(values(15, null)).toEqual([["values", "none recorded"]]);
    expect(values(20, null)).toEqual([["most frequent", "bin 0"]]);
    expect(values(41, null)).toEqual([["values", "none recorded"]]);
  });
});

describe("the table", () => {
  it("has a row for each place, with what happened", () => {
    const { head, rows } = tableOf({
      ...training,
      marks: [...training.marks!, { x: 10, word: "error", colour: "red" }],
    });
    expect(head).toEqual(["step", "loss", "rate", "range", "event"]);
    expect(rows).toEqual([
      ["0", "4", "0.01", "−1 to 1", ""],
      ["10", "3", "–", "–", "paused, error"],
      ["15", "–", "–", "−2 to –", ""],
      ["20", "–", "–", "–", ""],
      ["30", "1", "0.001", "–", ""],
    ]);
  });

  it("of bars has a row for each bar, of a heat map for each column", () => {
    expect(tableOf({ title: "", series: [bars], heat: null }).rows).toEqual([
      ["0 to 0.5", "3"],
      ["0.5 to 1", "0"],
    ]);
    expect(tableOf(heat).rows).toEqual([
      ["0 to 10", "bin 1", "bin 2", "bin 2"],
      ["10 to 20", "–", "–", "–"],
      ["20 to 40", "bin 0", "bin 0", "bin 0"],
    ]);
  });

  it("tells how many rows it leaves out", () => {
    const x = Array.from({ length: 1234 }, (_, i) => i);
    expect(tableOf({ title: "", series: [{ ...loss, x, y: x }], heat: null })).toMatchObject({ more: 234 });
  });
});

describe("a heat map", () => {
  it("is clear where there is nothing, the lowest bin at the bottom", () => {
    const { width, height, data } = pixelsOf(map);
    expect([width, height]).toEqual([3, 3]);
    const pixel = (column: number, row: number): number[] => [
      ...data.subarray(4 * (3 * row + column), 4 * (3 * row + column) + 4),
    ];
    expect(pixel(0, 0)).toEqual([...colourAt("viridis", 1), 255]);
    expect(pixel(0, 1)).toEqual([...colourAt("viridis", 0), 255]);
    expect(pixel(0, 2)).toEqual([0, 0, 0, 0]);
    expect(pixel(2, 2)[3]).toBe(255);
    expect(pixelsOf({ ...map, shown: [1, 3] })).toMatchObject({ width: 3, height: 2 });
  });

  it("has columns of any width, those that are shown", () => {
    const whole = scene(heat);
    const slices = slicesOf(whole, 1);
    expect(slices.map(({ column }) => column)).toEqual([0, 1, 2]);
    expect(slices[1]!.from).toBe(slices[0]!.to);
    expect(slices[2]!.to).toBe(whole.plot.left + whole.plot.width);
    const part = scene(heat, { interval: [12, 30] });
    expect(slicesOf(part, 1).map(({ column }) => column)).toEqual([1, 2]);
    expect(slicesOf(part, 1)[0]!.from).toBe(part.plot.left);
    expect([even(map.edges), even([0, 1, 2])]).toEqual([false, true]);
  });

  it("has steps in the middle of its columns", () => {
    expect([...stepsOf(heat)]).toEqual([5, 15, 30]);
  });
});

describe("an SVG file", () => {
  const parse = (text: string): XMLDocument => new DOMParser().parseFromString(text, "image/svg+xml") as XMLDocument;
  const write = (content: Content, title = content.title, picture: string | null = null): string =>
    svgOf({ scene: scene(content), theme, title, entries: entriesOf(content.series, content.baseline), picture });

  it("holds lines, bands, axes, marks and legend, with text as text", () => {
    const svg = parse(write({ ...training, baseline: { value: 2, name: "before" } }));
    const texts = [...svg.querySelectorAll("text")].map(({ textContent }) => textContent);
    expect(texts).toEqual(expect.arrayContaining(["loss", "rate", "range", "before", "paused", "0", "40"]));
    const dotted = [...svg.querySelectorAll('path[stroke="plum"]')];
    expect(dotted.every((path) => path.getAttribute("stroke-dasharray") === "2 3")).toBe(true);
    expect(dotted).toHaveLength(2); // in the chart, and in the legend
    expect(svg.querySelectorAll('path[fill="teal"]')).toHaveLength(1);
    const d = svg.querySelector('path[stroke="navy"][fill="none"]')!.getAttribute("d")!;
    expect(d.match(/M/g)!.length).toBeGreaterThan(1); // broken at the gap
  });

  it("escapes what users wrote, and leaves out what no XML may hold", () => {
    const name = `<b>"a" & 'b'</b>\u0007`;
    const text = write({ ...training, series: [{ ...loss, name }] }, name);
    expect(text).not.toContain("<b>");
    expect(text).not.toContain("\u0007");
    expect(text).toContain("&lt;b&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/b&gt;");
  });

  it("holds the picture of a heat map once, and its colour bar", () => {
    const text = write(heat, "conv1", "data:image/png;base64,AAAA");
    expect(text.match(/data:image/g)).toHaveLength(1);
    expect(text.match(/<use /g)).toHaveLength(3);
    expect(text).toContain(">many</text>");
  });

  it("can stand on a page beside others", () => {
    const ids = (text: string): string[] => [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!);
    const [one, two] = [write(training), write(training)];
    expect(ids(one).some((id) => ids(two).includes(id))).toBe(false);
  });
});
