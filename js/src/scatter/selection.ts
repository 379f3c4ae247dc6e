// The selected samples, of all in the data; the points shown may be fewer.

export type How = "replace" | "add" | "subtract";

/** Which samples are selected, ascending and without repetition; never changed in place. */
export type Samples = Uint32Array;

export const NONE: Samples = new Uint32Array(0);

// Loops by index throughout: over a million samples an iterator takes many times as long.
const mark = (marks: Uint8Array, samples: Samples, value: 0 | 1): void => {
  for (let i = 0; i < samples.length; i++) marks[samples[i]!] = value;
};

/** As many marks as the largest sample needs. */
function room(...lists: Samples[]): Uint8Array {
  let most = -1;
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) if (list[i]! > most) most = list[i]!;
  }
  return new Uint8Array(most + 1);
}

function listed(marks: Uint8Array): Samples {
  let count = 0;
  for (let i = 0; i < marks.length; i++) count += marks[i]!;
  const list = new Uint32Array(count);
  for (let i = 0, at = 0; at < count; i++) if (marks[i]) list[at++] = i;
  return list;
}

/** The samples at these positions of `shown`. */
export function samplesAt(found: Uint32Array, shown: Uint32Array): Uint32Array {
  const samples = new Uint32Array(found.length);
  for (let i = 0; i < found.length; i++) samples[i] = shown[found[i]!]!;
  return samples;
}

/** The selection after a gesture that hit `hit` (in any order). */
export function combined(before: Samples, hit: Samples, how: How): Samples {
  const kept = how === "replace" ? NONE : before;
  const marks = room(kept, hit);
  mark(marks, kept, 1);
  mark(marks, hit, how === "subtract" ? 0 : 1);
  return listed(marks);
}

/** Samples in any order, ascending and once each. */
export const ordered = (samples: Samples): Samples => combined(NONE, samples, "replace");

/** Those of `shown` that are not selected. */
export const inverted = (before: Samples, shown: Samples): Samples => combined(ordered(shown), before, "subtract");

/** Positions in `shown` (the sample of each point) of the selected ones. */
export function positions(selected: Samples, shown: Samples): Uint32Array {
  const marks = room(selected);
  mark(marks, selected, 1);
  const found = new Uint32Array(shown.length);
  let count = 0;
  for (let i = 0; i < shown.length; i++) if (marks[shown[i]!]) found[count++] = i;
  return found.slice(0, count);
}

/** One text for a selection, to tell two apart: its size and its FNV-1a hash. */
export function fingerprint(selected: Samples): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < selected.length; i++) hash = Math.imul(hash ^ selected[i]!, 0x01000193);
  return `${selected.length}:${hash >>> 0}`;
}
