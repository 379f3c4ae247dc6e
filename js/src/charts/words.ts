// The words of marks above a chart, placed so that none overlap.
import type { Mark } from "./types";

/** A word that begins at a place, in pixels from the left end of the plot, or ends there; row 0 is next to the plot. */
export interface Word {
  readonly at: number;
  readonly row: number;
  readonly text: string;
  readonly ends: boolean;
}

export interface Room {
  /** Of the plot, in pixels. */
  readonly width: number;
  /** How far a word may reach into the margin at the right. */
  readonly beyond: number;
  place(x: number): number;
  measure(text: string): number;
}

export const ROW = 12;
const GAP = 4;
const MOST_ROWS = 4;

interface Counted {
  readonly rank: number;
  readonly at: number;
  readonly text: string;
}

/** Each word, or several alike that stand close together as one with their count. */
function counted(marks: readonly Mark[], room: Room): Counted[] {
  const groups = new Map<string, { rank: number; word: string; places: number[] }[]>();
  for (const { word, rank = 0, x } of [...marks].sort((a, b) => a.x - b.x)) {
    const at = room.place(x);
    if (!word || !(at >= 0 && at <= room.width)) continue;
    const key = `${rank} ${word}`;
    const list = groups.get(key) ?? [];
    groups.set(key, list);
    const last = list.at(-1);
    if (last && at - last.places[0]! < room.measure(`${word} ×9`) + GAP) last.places.push(at);
    else list.push({ rank, word, places: [at] });
  }
  return [...groups.values()].flat().map(({ rank, word, places }) => ({
    rank,
    at: places[0]!,
    text: places.length === 1 ? word : `${word} ×${places.length}`,
  }));
}

/** Place words; where there is no room the less important ones are left out, which the read-out still tells. */
export function placeWords(marks: readonly Mark[], room: Room): Word[] {
  const rows: [number, number][][] = Array.from({ length: MOST_ROWS }, () => []);
  const words: Word[] = [];
  const order = counted(marks, room).sort((a, b) => a.rank - b.rank || a.at - b.at);
  for (const { at, text } of order) {
    const width = room.measure(text);
    // The last ones end at their line, and so within the chart.
    const ends = at + width > room.width + room.beyond;
    const [left, right] = ends ? [at - width, at + GAP] : [at - GAP, at + width];
    const row = rows.findIndex((taken) => taken.every(([begin, end]) => right <= begin || end <= left));
    if (row < 0) continue;
    rows[row]!.push([left, right]);
    words.push({ at, row, text, ends });
  }
  return words;
}
