// How wide the columns of the list must be, in widths of the digit 0 (CSS's ch): the rows are grids of their own, of which
// only those in sight exist, so that no column can find its width from its content.
import type { Node } from "./tree";
import { badge } from "./words";

// In common fonts: a multiplication sign (1.32 in DejaVu Sans, less in the others) between two spaces, drawn narrow here
// (see layer_list.css); a small letter of a badge, and the badge's ends.
const TIMES = 1.85;
const BADGE_LETTER = 0.8;
const BADGE_ENDS = 2;
// What is wider is cut off, with all of it in the title: a name needs room, too.
const WIDEST = { kind: 24, shape: 18 };
const LEAST = 6;

const widest = (widths: number[], most: number): number =>
  Math.min(
    most,
    widths.reduce((a, b) => Math.max(a, b), LEAST),
  );

function shapeWidth(node: Node): number {
  const why = badge(node);
  if (why) return why.length * BADGE_LETTER + BADGE_ENDS;
  const { shape } = node.row;
  if (!shape) return 0;
  return shape.join("").length + TIMES * Math.max(0, shape.length - 1);
}

/** Of the columns of kinds and of shapes. */
export const columnWidths = (nodes: readonly Node[]): { kind: number; shape: number } => ({
  kind: widest(
    nodes.map(({ row }) => row.kind.length),
    WIDEST.kind,
  ),
  shape: widest(nodes.map(shapeWidth), WIDEST.shape),
});
