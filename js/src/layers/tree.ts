// The rows of the layer table as a tree. The table is in execution order, and stays so: no row changes its place.
import type { LayerRow } from "../frames";

export interface Node {
  readonly row: LayerRow;
  /** Where the node stands in the table, and the node that holds it; -1: none. */
  readonly index: number;
  readonly parent: number;
  /** How many nodes hold it. */
  readonly level: number;
  /** The first row after its subtree. */
  readonly end: number;
  /** The name as the tree shows it: what the node that holds it does not say already, without the number of the call. */
  readonly label: string;
  /** Where `label` begins in the full name. */
  readonly labelAt: number;
  /** Which call of its module, from 1. */
  readonly call: number;
  /** Whether there is an output to look at. */
  readonly choosable: boolean;
  /** Whether there is one somewhere in its subtree. */
  readonly holdsSeen: boolean;
}

const pathOf = (row: LayerRow): string => (row.calls > 1 ? row.name.replace(/#\d+$/, "") : row.name);
const callOf = (row: LayerRow): number => (row.calls > 1 ? Number(/#(\d+)$/.exec(row.name)?.[1] ?? 1) : 1);
const holds = (outer: string, inner: string): boolean => inner.startsWith(`${outer}.`);

/**
 * Nest the rows by their names.
 *
 * A module that is called from somewhere else than the module that holds it (one activation shared by all blocks) is
 * shown where it is called: inside the block that goes on after it.
 */
export function makeTree(rows: readonly LayerRow[]): Node[] {
  const paths = rows.map(pathOf);
  const holders = new Set<string>();
  for (const path of paths) {
    for (let dot = path.lastIndexOf("."); dot > 0; dot = path.lastIndexOf(".", dot - 1))
      holders.add(path.slice(0, dot));
  }
  const nodes: (Node & { end: number; holdsSeen: boolean })[] = [];
  const open: number[] = [];

  // The innermost open node that holds the path: its place in `open`, or -1.
  const holderOf = (path: string): number => {
    let place = open.length - 1;
    while (place >= 0 && !holds(paths[open[place]!]!, path)) place--;
    return place;
  };

  rows.forEach((row, index) => {
    const path = paths[index]!;
    let place = holderOf(path);
    if (place < open.length - 1 && !holders.has(path)) {
      // A guest, unless the open blocks are over: then no later row, but for other guests, continues one of them.
      let next = index + 1;
      while (next < rows.length && !holders.has(paths[next]!) && holderOf(paths[next]!) <= place) next++;
      if (next < rows.length) place = Math.max(place, holderOf(paths[next]!));
    }
    while (open.length > place + 1) nodes[open.pop()!]!.end = index;
    const parent = open.at(-1) ?? -1;
    const within = parent >= 0 && holds(paths[parent]!, path);
    const labelAt = within ? paths[parent]!.length + 1 : 0;
    const choosable = row.status === "seen";
    nodes.push({
      row,
      index,
      parent,
      level: open.length,
      end: index + 1,
      label: path.slice(labelAt),
      labelAt,
      call: callOf(row),
      choosable,
      holdsSeen: false,
    });
    if (choosable) for (const i of open) nodes[i]!.holdsSeen = true;
    if (holders.has(path)) open.push(index);
  });
  for (const index of open) nodes[index]!.end = rows.length;
  return nodes;
}

export const isHolder = (node: Node): boolean => node.end > node.index + 1;

/** The nodes that hold a node, innermost first. */
export function above(nodes: readonly Node[], index: number): number[] {
  const found: number[] = [];
  for (let i = nodes[index]?.parent ?? -1; i >= 0; i = nodes[i]!.parent) found.push(i);
  return found;
}

/** The names to fold at first: of the deepest levels, so that at most `room` rows are in the list (but all of the top level). */
export function foldedAtFirst(nodes: readonly Node[], room: number): Set<string> {
  const perLevel: number[] = [];
  for (const { level } of nodes) perLevel[level] = (perLevel[level] ?? 0) + 1;
  let deepest = 0;
  let shown = perLevel[0] ?? 0;
  while (deepest + 1 < perLevel.length && shown + perLevel[deepest + 1]! <= room) shown += perLevel[++deepest]!;
  return new Set(nodes.filter((node) => isHolder(node) && node.level >= deepest).map((node) => node.row.name));
}

/** The indent of a level in pixels where the list is narrow: less in a deep tree, so that its names stay readable. */
export function narrowIndent(nodes: readonly Node[]): number {
  const deepest = nodes.reduce((most, { level }) => Math.max(most, level), 1);
  return Math.min(10, Math.max(5, Math.floor(40 / deepest)));
}

/** What a key of the tree does: to go to a row, to fold or unfold the row it is on, or nothing. */
export type Move = { to: number } | { fold: boolean } | undefined;

/** Keys as in any tree (https://www.w3.org/WAI/ARIA/apg/patterns/treegrid/). `order`: the nodes in the list, from top to bottom. */
export function moved(
  nodes: readonly Node[],
  order: readonly number[],
  at: number,
  key: string,
  { folded, leaf, page }: { folded: boolean; leaf: boolean; page: number },
): Move {
  const place = order.indexOf(at);
  const go = (to: number): Move =>
    order.length ? { to: order[Math.min(order.length - 1, Math.max(0, to))]! } : undefined;
  switch (key) {
    case "ArrowDown":
      return go(place + 1);
    case "ArrowUp":
      return go(place - 1);
    case "PageDown":
      return go(place + page);
    case "PageUp":
      return go(place - page);
    case "Home":
      return go(0);
    case "End":
      return go(order.length - 1);
    case "ArrowRight":
      if (place < 0 || leaf) return undefined;
      return folded ? { fold: false } : go(place + 1);
    case "ArrowLeft": {
      if (place < 0) return undefined;
      if (!leaf && !folded) return { fold: true };
      const parent = nodes[at]!.parent;
      return parent >= 0 ? { to: parent } : undefined;
    }
    default:
      return undefined;
  }
}
