// The rows in an order, the best of each column, and the table as text.
import type { QualityRow } from "../frames";
import type { Column, Key } from "./measures";

export interface Order {
  readonly key: Key;
  readonly ascending: boolean;
}

/** What a click on a header makes of the order: the best first, then the other way round, then as measured. */
export function nextOrder(order: Order | null, { key, better }: Column): Order | null {
  const first = better !== "higher";
  if (order?.key !== key) return { key, ascending: first };
  return order.ascending === first ? { key, ascending: !first } : null;
}

/** The rows in an order; null: as measured. What has no value comes last either way; equal rows stay as they were. */
export function sorted(rows: readonly QualityRow[], order: Order | null): QualityRow[] {
  const list = [...rows];
  if (!order) return list;
  const { key, ascending } = order;
  const sign = ascending ? 1 : -1;
  return list.sort((rowA, rowB) => {
    const [a, b] = [rowA[key], rowB[key]];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    if (typeof a === "number") return sign * (a - (b as number));
    return sign * a.localeCompare(b as string, "en", { numeric: true });
  });
}

const values = (rows: readonly QualityRow[], key: Key): number[] =>
  rows.map((row) => row[key]).filter((value) => typeof value === "number");

/** The best value of a measure; null where there is nothing to compare: one value, or all the same. */
export function best(rows: readonly QualityRow[], { key, better }: Column): number | null {
  if (!better) return null;
  const all = values(rows, key);
  if (new Set(all).size < 2) return null;
  return all.reduce((a, b) => ((better === "higher") === b > a ? b : a));
}

/** The value at which a bar fills its cell: 1 for fractions, else the largest of the column. */
export const full = (rows: readonly QualityRow[], { key, whole }: Column): number =>
  whole ? 1 : values(rows, key).reduce((a, b) => Math.max(a, b), 0) || 1;

/** The table for a spreadsheet: names and numbers with tabs between them, at full precision. */
export function tableText(rows: readonly QualityRow[], columns: readonly Column[]): string {
  const cell = (row: QualityRow, column: Column): string => {
    const value = row[column.key];
    // A tab or a line break in a name would start another cell.
    return typeof value === "number" ? String(value) : value === null ? "" : column.text(row).replace(/\s+/g, " ");
  };
  const lines = rows.map((row) => columns.map((column) => cell(row, column)));
  return [columns.map((column) => column.name), ...lines].map((line) => line.join("\t")).join("\n");
}
