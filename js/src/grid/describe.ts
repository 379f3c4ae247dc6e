// A channel in words: for the tooltip, and for those who hear the page.
import { count, counted, number, percent } from "../ui/format";
import { type Arrangement, boxAt } from "./arrange";
import { codeValue } from "./codes";
import { type Picture, sampleText, silent, statistic } from "./picture";
import { codeRange, isDead, type Scene } from "./scene";

/** What a channel is called: the features of tokens are its channels. */
export const channelName = ({ layout }: Picture, channel: number): string =>
  `${layout === "tokens" ? "feature" : "channel"} ${channel}`;

/** A row and column of a tile. */
export interface Pixel {
  row: number;
  column: number;
}

/** The pixel of a tile under a point of the content. */
export function pixelAt(a: Arrangement, picture: Picture, place: number, x: number, y: number): Pixel {
  const box = boxAt(a, place);
  const within = (at: number, size: number, n: number): number =>
    Math.min(n - 1, Math.max(0, Math.floor((at / size) * n)));
  if (a.drawing === "matrix") return { row: 0, column: within(y - box.y, box.height, picture.width) };
  return { row: within(y - box.y, box.height, picture.height), column: within(x - box.x, box.width, picture.width) };
}

/** Why a channel is marked, or "". */
export function remark(scene: Scene, channel: number): string {
  const { picture, dead } = scene;
  if (isDead(scene, channel) && dead) return `dead: never above zero in ${dead.over}`;
  if (!silent(picture, channel)) return "";
  const zero = statistic(picture, "sparsity", channel) === 1;
  return `silent here: ${zero ? "all zero" : "the same value everywhere"} for ${sampleText(picture)}`;
}

/** The tile's value at a pixel, in words. Values cross as 8 bits: reduced maps and codes are approximate. */
export function reading(picture: Picture, channel: number, { row, column }: Pixel): string {
  const value = codeValue(picture.tile(channel)[row * picture.width + column]!, ...codeRange(picture, channel));
  const about = Number.isFinite(value) ? `≈ ${number(value, 3)}` : number(value);
  if (picture.layout === "vector") return "";
  if (picture.layout === "tokens") return `token ${column} ${about}`;
  const [height, width] = picture.header.full;
  // A reduced tile has fewer pixels than the map: count in those of the map.
  const at = (i: number, sent: number, full: number): number => Math.floor(((i + 0.5) * full) / sent);
  if (picture.layout === "strips") return `position ${at(column, picture.width, width)} ${about}`;
  return `row ${at(row, picture.height, height)}, column ${at(column, picture.width, width)} ${about}`;
}

/** Name and value of each further token (class, register) of a folded map. */
export function extraReadings({ arrays, header }: Picture, channel: number): [string, number][] {
  const width = arrays.extra?.shape[1] ?? 0;
  return Array.from({ length: width }, (_, k) => [
    header.extraLabels[k] ?? `token ${k}`,
    codeValue(arrays.extra!.data[channel * width + k]!, arrays.low.data[channel]!, arrays.high.data[channel]!),
  ]);
}

/** The lines of the tooltip, the first one its title. */
export function tooltipLines(scene: Scene, channel: number, pixel: Pixel | null): string[] {
  const { picture } = scene;
  const { low, high, nonfinite } = picture.arrays;
  const odd = Number(nonfinite.data[channel]);
  const lines = [`${channelName(picture, channel)} of ${count(picture.channels)}`];
  const note = remark(scene, channel);
  if (picture.layout === "vector") {
    lines.push(`value ${odd ? number(codeValue(picture.tile(channel)[0]!, 0, 0)) : number(low.data[channel]!)}`);
    return note ? [...lines, note] : lines;
  }
  if (pixel) lines.push(reading(picture, channel, pixel));
  lines.push(`mean ${number(statistic(picture, "mean", channel))}`);
  lines.push(`range ${number(low.data[channel]!)} to ${number(high.data[channel]!)}`);
  lines.push(`zeros ${percent(statistic(picture, "sparsity", channel))}`);
  for (const [name, value] of extraReadings(picture, channel)) lines.push(`${name} token ≈ ${number(value, 3)}`);
  if (odd) lines.push(`${counted(odd, "value")} not finite`);
  if (note) lines.push(note);
  return lines;
}

/** One sentence for a screen reader. */
export function spoken(scene: Scene, channel: number): string {
  const { picture } = scene;
  const note = remark(scene, channel);
  const mean = number(statistic(picture, "mean", channel));
  return `${channelName(picture, channel)} of ${count(picture.channels)}, mean ${mean}${note ? `, ${note}` : ""}`;
}
