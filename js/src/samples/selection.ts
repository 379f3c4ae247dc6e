// What the sample picker works out for itself: where "next" leads, which page a sample is on, what to say of a page.
import type { ThumbnailsFrame } from "../frames";
import { count, counted } from "../ui/format";
import { isolated } from "../ui/names";

export type Page = ThumbnailsFrame["header"];
export type Filter = Page["filter"];

export const filtered = (filter: Filter): boolean => filter.label !== null || filter.misclassified || filter.selected;

export const sameFilter = (a: Filter, b: Filter): boolean =>
  a.label === b.label && a.misclassified === b.misclassified && a.selected === b.selected;

/**
 * The sample one step after or before `current` among those that pass the filter, where the browser can know it:
 * undefined where only the kernel does. From the user's own image (null) the steps lead to the first and the last sample.
 *
 * Asking for a sample by its number is worth the trouble: ipywidgets merges what is asked while an earlier message is
 * under way (`WidgetModel.save_changes`), so of several "one further" all but the last would be lost.
 */
export function neighbour(page: Page, filter: Filter, current: number | null, step: 1 | -1): number | undefined {
  const { indices, total } = page;
  if (!filtered(filter)) {
    if (!total) return undefined;
    return current === null ? (step > 0 ? 0 : total - 1) : (current + step + total) % total;
  }
  if (!sameFilter(filter, page.filter) || current === null) return undefined;
  const first = page.offset === 0;
  const last = page.offset + indices.length >= page.count;
  if (step > 0) {
    const at = indices.findIndex((index) => index > current);
    return at > 0 || (at === 0 && first) ? indices[at] : undefined;
  }
  const following = indices.findIndex((index) => index >= current);
  const at = (following < 0 ? indices.length : following) - 1;
  return following >= 0 || last ? indices[at] : undefined;
}

/** Where the page begins that holds a sample when nothing is filtered. */
export const pageStart = (sample: number, pageSize: number): number => Math.floor(sample / pageSize) * pageSize;

/** Which thumbnails are shown: "1–48 of 210", "12 samples". */
export function pageText({ indices, offset, count: all }: Page): string {
  if (!indices.length) return "none";
  if (indices.length === all) return counted(all, "sample");
  return `${count(offset + 1)}–${count(offset + indices.length)} of ${count(all)}`;
}

/** Why a page has no thumbnails. */
export function emptyText({ filter, predictedUpTo, total }: Page): string {
  if (!total) return "The data has no samples.";
  const of = `${filter.label === null ? "" : ` of class ${isolated(filter.label)}`}${filter.selected ? " among the selected" : ""}`;
  if (!filter.misclassified) return `No sample${of}.`;
  if (predictedUpTo < total) return `No misclassified sample${of} so far.`;
  return `No sample${of} is misclassified.`;
}

/** How far the predictions are that the filter waits for; "" when it waits for none. */
export const progressText = ({ filter, predictedUpTo, total }: Page): string =>
  filter.misclassified && predictedUpTo < total ? `${count(predictedUpTo)} of ${count(total)} predicted` : "";

/** A number typed into the jump field, brought into range; undefined when it is none. */
export function typed(text: string, total: number): number | undefined {
  const value = Number(text.replace(/[,\s]/g, ""));
  if (!text.trim() || !Number.isFinite(value) || !total) return undefined;
  return Math.min(total - 1, Math.max(0, Math.round(value)));
}

/** Below this many pixels, an image is drawn with its pixels as sharp squares. */
export const FEW_PIXELS = 96;

/**
 * The size in CSS pixels at which an image fills its room. The squares of a small image are a whole number of the
 * screen's pixels (`ratio` of them to a CSS pixel), so that all are equal.
 */
export function fittedSize(
  [width, height]: readonly [number, number],
  [roomWidth, roomHeight]: readonly [number, number],
  ratio = 1,
): [number, number] {
  const scale = Math.min(roomWidth / width, roomHeight / height);
  const whole = Math.floor(scale * ratio) / ratio;
  const used = Math.max(width, height) < FEW_PIXELS && whole > 0 ? whole : scale;
  return [width * used, height * used];
}

// Tornado closes a websocket that is sent a message of more than 10 MiB (its default max_message_size).
const LARGEST_FILE = 9 * 2 ** 20;

/** Why a file cannot be shown to the model; "" when it may be one that can. The kernel judges what is in it. */
export function refusal(file: { name: string; size: number; type: string }): string {
  const name = file.name || "The file";
  if (file.size > LARGEST_FILE) {
    return `${name} has ${(file.size / 2 ** 20).toFixed(1)} MiB; an image of at most ${LARGEST_FILE / 2 ** 20} MiB can be shown.`;
  }
  if (!file.size) return `${name} is empty or a folder; drop one image, e.g. a PNG or JPEG file.`;
  if (file.type && !file.type.startsWith("image/")) {
    return `${name} is no image but ${file.type}; drop one image, e.g. a PNG or JPEG file.`;
  }
  return "";
}
