// All that was evaluated as a table for a spreadsheet: names and numbers with tabs between them.
import type { StudiedRow } from "../frames";
import { basisName } from "./setting";

const COLUMNS: readonly (readonly [string, (row: StudiedRow) => string | number | null])[] = [
  ["after layer", (row) => row.layer],
  ["axis", (row) => row.axis],
  ["matrix", (row) => row.matrix],
  ["basis", (row) => basisName(row.basis)],
  ["rank", (row) => row.rank],
  ["explained variance", (row) => row.explained],
  ["accuracy", (row) => row.accuracy],
  ["low", (row) => row.low],
  ["high", (row) => row.high],
  ["agreement", (row) => row.agreement],
  ["samples", (row) => row.evaluated],
];

export function tableText(rows: readonly StudiedRow[]): string {
  // A tab or a line break in a name would start another cell.
  const cell = (value: string | number | null): string => (value === null ? "" : String(value).replace(/\s+/g, " "));
  const lines = rows.map((row) => COLUMNS.map(([, value]) => cell(value(row))));
  return [COLUMNS.map(([name]) => name), ...lines].map((line) => line.join("\t")).join("\n");
}
