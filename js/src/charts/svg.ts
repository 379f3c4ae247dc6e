// A scene as the text of an SVG file: the shapes of the canvas, and text that stays text.
import { colourAt } from "../ui/colormaps";
import { uniqueId } from "../ui/dom";
import { type Entry, SWATCH } from "./legend";
import { textWidth } from "./measure";
import { crisp } from "./over";
import { even, shownBins, slicesOf } from "./picture";
import { BAR, FONT, LABEL, planeOf, type Scale, type Scene, TICK, xOf, yOf } from "./scene";
import { dashes, shapesOf } from "./shapes";
import type { Theme } from "./theme";
import type { HeatData } from "./types";
import { ROW } from "./words";
import { escaped, pathPen, short, tag, text } from "./xml";

export interface Drawing {
  readonly scene: Scene;
  readonly theme: Theme;
  readonly title: string;
  readonly entries: readonly Entry[];
  /** The picture of a heat map as a data URL of a PNG: a pixel for each cell. */
  readonly picture: string | null;
}

const PAD = 8;
const TITLE = 22;
const ENTRY = 18;

function axes(scene: Scene, theme: Theme): string {
  const { plot, x, left, right } = scene;
  const [ends, foot] = [plot.left + plot.width, plot.top + plot.height];
  const stroke = { stroke: theme.line, "stroke-width": 1 };
  const line = (x1: number, y1: number, x2: number, y2: number): string => tag("line", { x1, y1, x2, y2, ...stroke });
  const faint = { fill: theme.faint };
  const parts: string[] = [];
  const upright = (scale: Scale, isLeft: boolean): void => {
    const edge = isLeft ? plot.left : ends;
    const out = isLeft ? -1 : 1;
    for (const tick of scale.ticks) {
      const y = crisp(yOf(scene, scale, tick.at));
      if (isLeft && !scene.heat) parts.push(line(plot.left, y, ends, y));
      parts.push(line(edge, y, edge + out * TICK, y));
      const anchor = isLeft ? "end" : "start";
      parts.push(text(tick.text, { x: edge + out * (TICK + 3), y: y + 4, "text-anchor": anchor, ...faint }));
    }
    parts.push(line(crisp(edge), plot.top, crisp(edge), foot));
    const [middle, at] = [plot.top + plot.height / 2, isLeft ? FONT : scene.width - FONT];
    const turn = `rotate(${isLeft ? -90 : 90} ${short(at)} ${short(middle)})`;
    if (scale.axis.label)
      parts.push(text(scale.axis.label, { x: at, y: middle, "text-anchor": "middle", transform: turn, ...faint }));
  };
  upright(left, true);
  if (right) upright(right, false);
  for (const tick of x.ticks) {
    const at = crisp(xOf(scene, tick.at));
    parts.push(line(at, foot, at, foot + TICK));
    parts.push(text(tick.text, { x: at, y: foot + TICK + 12, "text-anchor": "middle", ...faint }));
  }
  parts.push(line(plot.left, crisp(foot), ends, crisp(foot)));
  if (x.axis.label) {
    const [middle, y] = [plot.left + plot.width / 2, scene.height - LABEL + 11];
    parts.push(text(x.axis.label, { x: middle, y, "text-anchor": "middle", ...faint }));
  }
  return parts.join("");
}

/** The picture of a heat map, through a window for each column, or one for all that are of one width. */
function pictureOf(scene: Scene, heat: HeatData, href: string): string {
  const { plot } = scene;
  const [columns, bins, id] = [heat.edges.length - 1, shownBins(heat), uniqueId("cells")];
  const style = "image-rendering: pixelated";
  const cells = tag("image", { id, href, width: columns, height: bins, style });
  const window = (from: number, to: number, column: number, count: number): string => {
    const place = { x: from, y: plot.top, width: to - from, height: plot.height };
    const viewBox = `${column} 0 ${count} ${bins}`;
    return tag("svg", { ...place, viewBox, preserveAspectRatio: "none" }, tag("use", { href: `#${id}` }));
  };
  const windows = even(heat.edges)
    ? window(xOf(scene, heat.edges[0]!), xOf(scene, heat.edges[columns]!), 0, columns)
    : // On whole pixels, between which no seam shows.
      slicesOf(scene, 1)
        .map(({ column, from, to }) => window(from, to, column, 1))
        .join("");
  return tag("defs", {}, cells) + windows;
}

function inside(scene: Scene, theme: Theme, picture: string | null): string {
  const { plot, marks, baseline } = scene;
  const foot = plot.top + plot.height;
  const parts: string[] = [];
  if (picture && scene.heat) parts.push(pictureOf(scene, scene.heat, picture));
  for (const mark of marks) {
    const at = crisp(xOf(scene, mark.x));
    const opacity = mark.word ? 0.9 : 0.5;
    parts.push(tag("line", { x1: at, y1: plot.top, x2: at, y2: foot, stroke: theme.colour(mark.colour), opacity }));
  }
  if (baseline) {
    const at = crisp(yOf(scene, scene.left, baseline.value));
    const stroke = theme.colour(baseline.colour ?? "var(--iv-ink-2)");
    parts.push(tag("line", { x1: plot.left, y1: at, x2: plot.left + plot.width, y2: at, stroke }));
  }
  for (const shape of shapesOf(scene.series)) {
    const pen = pathPen();
    shape.trace(pen, planeOf(scene, shape.side, 1));
    if (!pen.d) continue;
    const colour = theme.colour(shape.colour);
    const line = shape.width > 0;
    parts.push(
      tag("path", {
        d: pen.d,
        fill: line ? "none" : colour,
        stroke: line ? colour : null,
        "stroke-width": line ? shape.width : null,
        "stroke-dasharray": dashes(shape.dash).join(" ") || null,
        opacity: shape.opacity < 1 ? shape.opacity : null,
      }),
    );
  }
  return parts.join("");
}

function around(scene: Scene): string {
  const { plot, words, heat } = scene;
  const parts = words.map(({ at, row, text: word, ends }) =>
    text(word, {
      x: plot.left + at + (ends ? 1 : -1),
      y: plot.top - 4 - row * ROW,
      "text-anchor": ends ? "end" : "start",
    }),
  );
  if (heat?.bar) {
    const [at, steps] = [plot.left + plot.width + BAR.gap, 32];
    for (let i = 0; i < steps; i++) {
      const fill = `rgb(${colourAt(heat.colours ?? "viridis", 1 - (i + 0.5) / steps).join()})`;
      const y = plot.top + (i * plot.height) / steps;
      // A little higher than its step: no seams.
      parts.push(
        tag("rect", { x: at, y, width: BAR.width, height: plot.height / steps + (i < steps - 1 ? 0.5 : 0), fill }),
      );
    }
    const beside = at + BAR.width + 4;
    parts.push(text(heat.bar.high, { x: beside, y: plot.top + 9 }));
    parts.push(text(heat.bar.low, { x: beside, y: plot.top + plot.height - 1 }));
  }
  return parts.join("");
}

/** Entries in rows that fit, as marks and texts; how high they are. */
function legendOf({ entries, scene, theme }: Drawing): { height: number; svg: string } {
  const font = `${FONT}px ${theme.family}`;
  let [x, row] = [PAD, 0];
  const parts = entries.map(({ name, colour: css, look, dash, opacity }) => {
    const wide = SWATCH + 5 + textWidth(name, font);
    if (x > PAD && x + wide > scene.width - PAD) [x, row] = [PAD, row + 1];
    const [at, y] = [x, row * ENTRY + ENTRY / 2];
    x += wide + 14;
    const colour = theme.colour(css);
    const mark =
      look === "area"
        ? tag("rect", { x: at, y: y - 5, width: SWATCH, height: 9, fill: colour, "fill-opacity": 0.3, stroke: colour })
        : tag("path", {
            d: `M${short(at)} ${short(y)}h${SWATCH}`,
            stroke: colour,
            "stroke-width": 2,
            "stroke-dasharray": dashes(dash).join(" ") || null,
            opacity: opacity < 1 ? opacity : null,
          });
    return mark + text(name, { x: at + SWATCH + 5, y: y + 4 });
  });
  return { height: entries.length ? (row + 1) * ENTRY : 0, svg: parts.join("") };
}

/** As much of a text as fits. */
function fitting(whole: string, room: number, font: string): string {
  if (textWidth(whole, font) <= room) return whole;
  let length = whole.length - 1;
  while (length > 1 && textWidth(`${whole.slice(0, length)}…`, font) > room) length--;
  return `${whole.slice(0, length)}…`;
}

/** The text of the file. */
export function svgOf(drawing: Drawing): string {
  const { scene, theme, title, picture } = drawing;
  const legend = legendOf(drawing);
  const head = title ? TITLE : 0;
  const height = head + legend.height + scene.height;
  const { plot } = scene;
  const id = uniqueId("plot"); // several drawings may stand on one page
  const clip = tag(
    "clipPath",
    { id },
    tag("rect", { x: plot.left, y: plot.top - 1, width: plot.width, height: plot.height + 2 }),
  );
  const body = [
    tag("title", {}, escaped(title)),
    tag("rect", { width: scene.width, height, fill: theme.surface }),
    title &&
      text(fitting(title, scene.width - 2 * PAD, `600 12px ${theme.family}`), {
        x: PAD,
        y: 15,
        "font-size": 12,
        "font-weight": 600,
      }),
    legend.svg && tag("g", { transform: `translate(0 ${head})` }, legend.svg),
    tag(
      "g",
      { transform: `translate(0 ${head + legend.height})` },
      clip +
        axes(scene, theme) +
        tag("g", { "clip-path": `url(#${id})` }, inside(scene, theme, picture)) +
        around(scene),
    ),
  ];
  return tag(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      width: scene.width,
      height,
      viewBox: `0 0 ${short(scene.width)} ${short(height)}`,
      "font-family": theme.family,
      "font-size": FONT,
      fill: theme.ink,
    },
    body.filter(Boolean).join(""),
  );
}
