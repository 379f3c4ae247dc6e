// What stands below and above the series of a chart, painted on its canvas in pixels of CSS.
import { colourAt } from "../ui/colormaps";
import { slicesOf } from "./picture";
import { BAR, FONT, type Scene, xOf, yOf } from "./scene";
import type { Theme } from "./theme";
import { ROW } from "./words";

type Context = CanvasRenderingContext2D;

const across = (context: Context, from: readonly [number, number], to: readonly [number, number]): void => {
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
};

/** Where a line of one pixel is sharp. */
export const crisp = (at: number): number => Math.round(at - 0.5) + 0.5;

function paintPicture(context: Context, scene: Scene, picture: HTMLCanvasElement, ratio: number): void {
  const { plot } = scene;
  context.imageSmoothingEnabled = false;
  for (const { column, from, to } of slicesOf(scene, ratio))
    context.drawImage(picture, column, 0, 1, picture.height, from, plot.top, to - from, plot.height);
}

/** Below the series: the picture of a heat map, the lines of marks, the baseline. */
export function paintUnder(
  context: Context,
  scene: Scene,
  theme: Theme,
  picture: HTMLCanvasElement | null,
  ratio: number,
): void {
  const { plot, marks, baseline } = scene;
  if (picture) paintPicture(context, scene, picture, ratio);
  context.lineWidth = 1;
  for (const { x, word, colour } of marks) {
    context.globalAlpha = word ? 0.9 : 0.5;
    context.strokeStyle = theme.colour(colour);
    const at = crisp(xOf(scene, x));
    across(context, [at, plot.top], [at, plot.top + plot.height]);
  }
  context.globalAlpha = 1;
  const at = baseline ? yOf(scene, scene.left, baseline.value) : Number.NaN;
  if (baseline && at >= plot.top && at <= plot.top + plot.height) {
    context.strokeStyle = theme.colour(baseline.colour ?? "var(--iv-ink-2)");
    across(context, [plot.left, crisp(at)], [plot.left + plot.width, crisp(at)]);
  }
}

/** Outside of the plot: the words of marks, the colour bar. */
export function paintAround(context: Context, scene: Scene, theme: Theme): void {
  const { plot, words, heat } = scene;
  context.fillStyle = theme.ink;
  context.font = `${FONT}px ${theme.family}`;
  context.textBaseline = "alphabetic";
  for (const { at, row, text, ends } of words) {
    context.textAlign = ends ? "right" : "left";
    context.fillText(text, plot.left + at + (ends ? 1 : -1), plot.top - 4 - row * ROW);
  }
  if (!heat?.bar) return;
  const left = plot.left + plot.width + BAR.gap;
  const gradient = context.createLinearGradient(0, plot.top + plot.height, 0, plot.top);
  for (let i = 0; i <= 16; i++)
    gradient.addColorStop(i / 16, `rgb(${colourAt(heat.colours ?? "viridis", i / 16).join()})`);
  context.fillStyle = gradient;
  context.fillRect(left, plot.top, BAR.width, plot.height);
  context.fillStyle = theme.ink;
  context.textAlign = "left";
  context.textBaseline = "top";
  context.fillText(heat.bar.high, left + BAR.width + 4, plot.top);
  context.textBaseline = "bottom";
  context.fillText(heat.bar.low, left + BAR.width + 4, plot.top + plot.height);
}
