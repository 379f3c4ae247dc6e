// A scene on a canvas: uPlot draws the axes and the series, and keeps the canvas as fine as the screen.
import uPlot from "uplot";
import { paintAround, paintUnder } from "./over";
import { canvasOf } from "./picture";
import { FONT, LABEL, planeOf, type Scale, type Scene, TICK } from "./scene";
import { dashes, type Pen, type Shape, shapesOf } from "./shapes";
import type { Theme } from "./theme";

export interface Canvas {
  /** Draw a scene in place of the last one. */
  draw(scene: Scene, theme: Theme): void;
  destroy(): void;
}

interface Drawn {
  readonly scene: Scene;
  readonly theme: Theme;
  readonly shapes: readonly Shape[];
  readonly picture: HTMLCanvasElement | null;
}
/** What one uPlot draws. It has its own, since uPlot may draw once more in a microtask after it was replaced. */
interface Shown {
  now: Drawn;
}

const PLACES: [number[], ...null[][]] = [[0, 1]];

/** What uPlot is told only when it is made: another of these needs another one. */
const structureOf = ({ x, left, right, series }: Scene, { family }: Theme, shapes: readonly Shape[]): string =>
  JSON.stringify([
    family,
    [x, left, right].map((scale) => scale && [scale.kind, !!scale.axis.label]),
    shapes.map(({ side, width }) => [side, width > 0]),
    series.length,
  ]);

const ratioOf = (u: uPlot): number => u.ctx.canvas.width / u.width;

function series(shown: Shown, shape: Shape, index: number): uPlot.Series {
  const now = (): Shape => shown.now.shapes[index]!;
  const colour = (): string => shown.now.theme.colour(now().colour);
  return {
    scale: shape.side,
    auto: false,
    pxAlign: 0,
    points: { show: false },
    ...(shape.width > 0 ? { stroke: colour } : { fill: colour }),
    paths(u) {
      const [path, { dash, width, opacity }] = [new Path2D(), now()];
      const pen: Pen = path;
      const unit = ratioOf(u);
      now().trace(pen, planeOf(shown.now.scene, now().side, unit));
      // uPlot reads these when it draws the path; it has no other way to change them.
      Object.assign(u.series[index + 1]!, { width, alpha: opacity, dash: dashes(dash).map((part) => part * unit) });
      return width > 0 ? { stroke: path, fill: null, flags: 0 } : { stroke: null, fill: path, flags: 0 };
    },
  };
}

function axis(shown: Shown, name: "x" | "left" | "right", side: number, size: (scene: Scene) => number): uPlot.Axis {
  const scaleOf = (): Scale => shown.now.scene[name]!;
  const { label } = scaleOf().axis;
  const stroke = (): string => shown.now.theme.faint;
  const line = (): string => shown.now.theme.line;
  return {
    scale: name,
    side,
    size: () => size(shown.now.scene) - (label ? LABEL : 0),
    font: `${FONT}px ${shown.now.theme.family}`,
    stroke,
    ...(label
      ? {
          label: () => scaleOf().axis.label!,
          labelSize: LABEL,
          labelGap: 0,
          labelFont: `${FONT}px ${shown.now.theme.family}`,
        }
      : {}),
    gap: 3,
    space: 1,
    splits: () => scaleOf().ticks.map(({ at }) => at),
    filter: (_, splits) => splits,
    values: () => scaleOf().ticks.map(({ text }) => text),
    grid: { show: name === "left" && !shown.now.scene.heat, stroke: line, width: 1, filter: (_, splits) => splits },
    ticks: { stroke: line, width: 1, size: TICK, filter: (_, splits) => splits },
    border: { show: true, stroke: line, width: 1 },
  };
}

function make(host: HTMLElement, shown: Shown): uPlot {
  const { scene } = shown.now;
  const right = (of: Scene): number => of.width - of.plot.left - of.plot.width;
  const ends = (scale: Scale): uPlot.Scale => ({
    time: false,
    auto: false,
    distr: scale.kind === "linear" ? 1 : 3,
    log: scale.kind === "log2" ? 2 : 10,
    range: (_, low, high) => [low, high],
  });
  const axes = [
    axis(shown, "x", 2, ({ height, plot: box }) => height - box.top - box.height),
    axis(shown, "left", 3, ({ plot: box }) => box.left),
  ];
  if (scene.right) axes.push(axis(shown, "right", 1, right));
  const inContext = (u: uPlot, paint: (context: CanvasRenderingContext2D, ratio: number) => void): void => {
    const ratio = ratioOf(u);
    u.ctx.save();
    u.ctx.scale(ratio, ratio);
    paint(u.ctx, ratio);
    u.ctx.restore();
  };
  return new uPlot(
    {
      width: scene.width,
      height: scene.height,
      padding: [() => shown.now.scene.plot.top, () => (shown.now.scene.right ? 0 : right(shown.now.scene)), 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: ends(scene.x), left: ends(scene.left), ...(scene.right ? { right: ends(scene.right) } : {}) },
      axes,
      series: [{}, ...shown.now.shapes.map((shape, index) => series(shown, shape, index))],
      hooks: {
        drawAxes: [
          (u) =>
            inContext(u, (context, ratio) =>
              paintUnder(context, shown.now.scene, shown.now.theme, shown.now.picture, ratio),
            ),
        ],
        draw: [(u) => inContext(u, (context) => paintAround(context, shown.now.scene, shown.now.theme))],
      },
    },
    undefined,
    host,
  );
}

export function canvas(host: HTMLElement): Canvas {
  // Tests, and browsers that have run out of canvases: the table and the read-out work without.
  const able = document.createElement("canvas").getContext("2d") !== null;
  let plot: uPlot | null = null;
  let structure = "";
  let shown: Shown | null = null;

  const destroy = (): void => {
    plot?.destroy();
    plot = null;
  };

  return {
    draw(scene, theme) {
      if (!able) return;
      const shapes = shapesOf(scene.series);
      const last = shown?.now;
      const picture = scene.heat && (scene.heat === last?.scene.heat ? last.picture : canvasOf(scene.heat));
      const now: Drawn = { scene, theme, shapes, picture };
      const next = structureOf(scene, theme, shapes);
      if (next !== structure) destroy();
      structure = next;
      if (shown && plot) shown.now = now;
      else shown = { now };
      plot ??= make(host, shown);
      const u = plot;
      u.batch(() => {
        if (u.width !== scene.width || u.height !== scene.height)
          u.setSize({ width: scene.width, height: scene.height });
        // uPlot draws series that have data; where they are, the shapes know.
        u.setData([...PLACES, ...shapes.map(() => [null, null])], false);
        u.setScale("x", { min: scene.x.low, max: scene.x.high });
        u.setScale("left", { min: scene.left.low, max: scene.left.high });
        if (scene.right) u.setScale("right", { min: scene.right.low, max: scene.right.high });
      });
    },
    destroy,
  };
}
