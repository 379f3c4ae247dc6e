// What is drawn over or instead of the pixels: numbers, marks of dead channels, bars, lines.
import { NAN_COLOUR, NEGATIVE_INFINITY_COLOUR, POSITIVE_INFINITY_COLOUR } from "../ui/colormaps";
import { number } from "../ui/format";
import { boxAt, inSight } from "./arrange";
import { codeValue, decodeTile } from "./codes";
import { codeRange, isDead, type Placed, type Sight, scaleOf } from "./scene";

export interface Theme {
  readonly ink: string;
  readonly faint: string;
  readonly line: string;
  readonly accent: string;
  readonly surface: string;
  readonly family: string;
}

/** The colours of the page, as the element's theme has them now. */
export function themeOf(element: Element): Theme {
  const style = getComputedStyle(element);
  const get = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise;
  return {
    ink: get("--iv-ink", "#222"),
    faint: get("--iv-ink-2", "#666"),
    line: get("--iv-line", "#ccc"),
    accent: get("--iv-accent", "#1976d2"),
    surface: get("--iv-surface", "#fff"),
    family: style.fontFamily || "sans-serif",
  };
}

type Context = OffscreenCanvasRenderingContext2D;

const write = (context: Context, align: CanvasTextAlign, baseline: CanvasTextBaseline): void => {
  context.textAlign = align;
  context.textBaseline = baseline;
};

/** A small cross on a disc: dead in all samples looked at. A ring: the same value everywhere in this sample. */
function mark(context: Context, x: number, y: number, dead: boolean, theme: Theme): void {
  context.beginPath();
  context.arc(x, y, 5.5, 0, 2 * Math.PI);
  context.fillStyle = theme.surface;
  context.fill();
  context.strokeStyle = theme.ink;
  context.lineWidth = 1.25;
  context.beginPath();
  if (dead) {
    for (const side of [-1, 1]) {
      context.moveTo(x - 2.5, y - 2.5 * side);
      context.lineTo(x + 2.5, y + 2.5 * side);
    }
  } else context.arc(x, y, 2.5, 0, 2 * Math.PI);
  context.stroke();
}

/** Channel numbers below the tiles that have room for one, and the marks of dead and silent channels. */
export function paintCaptions(
  context: Context,
  placed: Placed,
  sight: Sight,
  theme: Theme,
  silent: (channel: number) => boolean,
): void {
  const { arrangement: a, order } = placed;
  const [first, last] = inSight(a, sight.top, sight.height);
  for (let at = first; at < last; at++) {
    const channel = order[at]!;
    const box = boxAt(a, at);
    const dead = isDead(placed, channel);
    if (a.caption >= 16) {
      write(context, "left", "middle");
      context.fillStyle = dead ? theme.faint : theme.ink;
      context.fillText(String(channel), box.x, box.y + box.height + 8.5);
    }
    if (box.width >= 24 && (dead || silent(channel))) {
      mark(context, box.x + box.width - 8, box.y + 8, dead, theme);
    }
  }
}

/** Numbers left of rows: channels of strips, tokens of a matrix, the first channel of a row of cells. */
export function paintRowNumbers(context: Context, placed: Placed, sight: Sight, theme: Theme): void {
  const { arrangement: a, order, picture } = placed;
  if (a.drawing === "bars" || (a.drawing === "tiles" && picture.layout !== "vector")) return;
  const matrix = a.drawing === "matrix";
  const rows = matrix ? picture.width : a.rows;
  const pitch = matrix ? a.boxHeight / rows : a.pitchY;
  const height = matrix ? pitch : a.boxHeight;
  // Every row that has room for a number, counted in steps that people count in.
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((n) => n * pitch >= 13) ?? 2000;
  write(context, "right", "middle");
  // Scrolled sideways, the matrix would run under its numbers.
  if (matrix && sight.left > 0) context.clearRect(sight.left, sight.top, a.left - 2, sight.height);
  for (let row = 0; row < rows; row += step) {
    const y = a.top + row * pitch + height / 2;
    if (y < sight.top - 10 || y > sight.top + sight.height + 10) continue;
    const channel = matrix ? -1 : order[row * a.columns]!;
    const dead = !matrix && a.columns === 1 && isDead(placed, channel);
    context.fillStyle = theme.faint;
    // The numbers stay in sight when the content is scrolled sideways.
    const x = a.left + sight.left - 6;
    context.fillText(matrix ? String(row) : String(channel), x, y);
    if (dead && a.boxHeight >= 12) mark(context, a.left + a.boxWidth - 8, y, true, theme);
  }
  if (matrix && placed.dead) {
    context.fillStyle = theme.faint;
    for (let at = 0; at < a.count; at++) {
      if (!isDead(placed, order[at]!)) continue;
      context.fillRect(a.left + at * a.pitchX, a.top - 5, Math.max(1, a.pitchX - 0.5), 3);
    }
  }
}

const oddColour = (value: number): string =>
  Number.isNaN(value) ? NAN_COLOUR : value > 0 ? POSITIVE_INFINITY_COLOUR : NEGATIVE_INFINITY_COLOUR;

/** A vector as bars from a zero line, wrapped into rows. */
export function paintBars(context: Context, placed: Placed, sight: Sight, theme: Theme): void {
  const { arrangement: a, order, picture } = placed;
  const [low, high] = scaleOf(placed, undefined, true);
  const [first, last] = inSight(a, sight.top, sight.height);
  const place = (value: number): number => a.boxHeight * (1 - Math.min(1, Math.max(0, (value - low) / (high - low))));
  const zero = place(0);
  const every = [1, 2, 5, 10, 20, 50, 100].find((n) => n * a.pitchX >= 34) ?? 100;
  for (let row = Math.floor(first / a.columns); row * a.columns < last; row++) {
    const top = a.top + row * a.pitchY;
    const here = Math.min(a.columns, a.count - row * a.columns);
    context.fillStyle = theme.line;
    context.fillRect(a.left, Math.round(top + zero), here * a.pitchX, 1);
    context.fillStyle = theme.faint;
    write(context, "right", "middle");
    const close = (y: number): boolean => Math.abs(y - zero) < 12;
    if (!close(0)) context.fillText(number(high, 3), a.left - 6, top + 5);
    context.fillText("0", a.left - 6, top + zero);
    if (!close(a.boxHeight)) context.fillText(number(low, 3), a.left - 6, top + a.boxHeight - 5);
  }
  for (let at = first; at < last; at++) {
    const channel = order[at]!;
    const box = boxAt(a, at);
    const value = codeValue(picture.tile(channel)[0]!, ...codeRange(picture, channel));
    const finite = Number.isFinite(value);
    const end = place(value);
    const dead = isDead(placed, channel);
    context.fillStyle = finite ? theme.accent : oddColour(value);
    context.globalAlpha = dead ? 0.4 : 1;
    if (!finite) context.fillRect(box.x, box.y, box.width, box.height);
    else if (end !== zero)
      context.fillRect(box.x, box.y + Math.min(zero, end), box.width, Math.max(1, Math.abs(end - zero)));
    context.globalAlpha = 1;
    if (dead && a.pitchX >= 14) mark(context, box.x + box.width / 2, box.y + zero, true, theme);
    else if (dead) {
      context.fillStyle = theme.faint;
      context.fillRect(box.x, box.y + zero + 3, box.width, 2);
    }
    if ((at % a.columns) % every === 0) {
      write(context, "left", "middle");
      context.fillStyle = theme.faint;
      context.fillText(String(channel), box.x, box.y + a.boxHeight + 13); // clear of the marks of dead channels
    }
  }
}

/** Signals as lines, one row each. */
export function paintLines(context: Context, placed: Placed, sight: Sight, theme: Theme): void {
  const { arrangement: a, order, picture } = placed;
  const [first, last] = inSight(a, sight.top, sight.height);
  for (let at = first; at < last; at++) {
    const channel = order[at]!;
    const box = boxAt(a, at);
    const [low, high] = scaleOf(placed, channel, false);
    const y = (value: number): number =>
      box.y + box.height * (1 - Math.min(1, Math.max(0, (value - low) / (high - low))));
    context.fillStyle = theme.line;
    if (low < 0 && high > 0) context.fillRect(box.x, y(0), box.width, 1);
    const values = decodeTile(picture.tile(channel), ...codeRange(picture, channel));
    context.strokeStyle = theme.accent;
    context.globalAlpha = isDead(placed, channel) ? 0.4 : 1;
    context.lineWidth = 1.25;
    context.lineJoin = "round";
    context.beginPath();
    let down = false;
    values.forEach((value, i) => {
      const x = box.x + ((i + 0.5) / values.length) * box.width;
      if (!Number.isFinite(value)) {
        context.fillStyle = oddColour(value);
        context.fillRect(x - 1, box.y, Math.max(2, box.width / values.length), box.height);
      } else if (down) context.lineTo(x, y(value));
      else context.moveTo(x, y(value));
      down = Number.isFinite(value);
    });
    context.stroke();
    context.globalAlpha = 1;
  }
}
