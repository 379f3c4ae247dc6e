// Which rows of the tree are in the list: search, kinds, what is folded.
import type { Node } from "./tree";

export interface Filter {
  /** Words that the name or the kind must all contain, in lower case. */
  readonly words: readonly string[];
  /** One of these kinds; empty: any. */
  readonly kinds: ReadonlySet<string>;
}

export interface Found {
  /** The nodes in the list, from top to bottom. */
  readonly order: number[];
  /** By node: 1 where it passes itself, 0 where it is there for one inside it, or not at all. */
  readonly matched: Uint8Array;
  /** By node: 1 where it has something to unfold. */
  readonly opens: Uint8Array;
  readonly count: number;
}

export const wordsOf = (query: string): string[] => query.toLowerCase().split(/\s+/).filter(Boolean);
export const isActive = ({ words, kinds }: Filter): boolean => words.length > 0 || kinds.size > 0;

const passes = ({ row }: Node, { words, kinds }: Filter): boolean => {
  if (kinds.size && !kinds.has(row.kind)) return false;
  const text = `${row.name}\n${row.kind}`.toLowerCase();
  return words.every((word) => text.includes(word));
};

/** Apply a filter; what holds a row that passes stays, so that one sees where it is. */
export function find(nodes: readonly Node[], filter: Filter, folded: ReadonlySet<string>): Found {
  const matched = new Uint8Array(nodes.length);
  const kept = new Uint8Array(nodes.length);
  const opens = new Uint8Array(nodes.length);
  let count = 0;
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]!;
    if (passes(node, filter)) {
      matched[i] = kept[i] = 1;
      count++;
    }
    if (kept[i] && node.parent >= 0) kept[node.parent] = opens[node.parent] = 1;
  }
  const order: number[] = [];
  for (let i = 0; i < nodes.length; ) {
    const node = nodes[i]!;
    if (kept[i]) order.push(i);
    i = !kept[i] || folded.has(node.row.name) ? node.end : i + 1;
  }
  return { order, matched, opens, count };
}

/** Where the words occur in a text, as [from, to) in order, those that touch joined. */
export function occurrences(text: string, words: readonly string[]): [number, number][] {
  const lower = text.toLowerCase();
  // A letter that grows in lower case (İ) would shift every place after it.
  if (lower.length !== text.length) return [];
  const all: [number, number][] = [];
  for (const word of words) {
    for (let at = lower.indexOf(word); at >= 0; at = lower.indexOf(word, at + 1)) all.push([at, at + word.length]);
  }
  all.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const joined: [number, number][] = [];
  for (const [from, to] of all) {
    const last = joined.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

/** Split a part of a text, from `start` to `end`, into pieces that are marked or not. */
export function pieces(
  text: string,
  [start, end]: readonly [number, number],
  words: readonly string[],
): { text: string; marked: boolean }[] {
  const result: { text: string; marked: boolean }[] = [];
  const add = (from: number, to: number, marked: boolean): void => {
    if (to > from) result.push({ text: text.slice(from, to), marked });
  };
  let done = start;
  for (const [from, to] of occurrences(text, words)) {
    if (to <= start || from >= end) continue;
    add(done, Math.max(start, from), false);
    add(Math.max(start, from), Math.min(end, to), true);
    done = Math.min(end, to);
  }
  add(done, end, false);
  return result;
}

/** The kinds and how many rows each has, the most frequent first. */
export function kindsOf(nodes: readonly Node[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { row } of nodes) counts.set(row.kind, (counts.get(row.kind) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}
