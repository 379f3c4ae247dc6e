// One row of the table: its elements are made once, and dressed anew when the rows beside it change.
import type { QualityRow } from "../frames";
import { h } from "../ui/dom";
import { icon, NOTE } from "../ui/icons";
import { type Column, type Key, NO_VALUE, whyNone } from "./measures";

/** What a column's bars are measured by: the value that fills a cell, and the best one, null for none. */
export interface Scale {
  readonly full: number;
  readonly best: number | null;
}

export interface Row {
  readonly element: HTMLElement;
  dress(scales: ReadonlyMap<Key, Scale>): void;
}

/** What makes a row the same one when it is measured again. */
export const identity = (row: QualityRow): string => JSON.stringify([row.layer, row.model, row.method]);

const nameCell = (row: QualityRow): HTMLElement =>
  h(
    "th",
    { scope: "row" },
    h(
      "span",
      { class: "iv-quality-layer" },
      h("button", { type: "button", title: `Show ${row.layer} in all views` }, row.layer),
      row.note &&
        h("span", { class: "iv-quality-note", role: "img", "aria-label": row.note, title: row.note }, icon(NOTE)),
    ),
  );

export function makeRow(row: QualityRow, columns: readonly Column[], noLabels: string): Row {
  const dressed: ((scales: ReadonlyMap<Key, Scale>) => void)[] = [];
  const cell = (column: Column): HTMLElement => {
    const { key, better } = column;
    const text = column.text(row);
    const value = row[key];
    const why = whyNone(row, column, noLabels);
    const numeric = better || key === "samples";
    const element = h("td", { "data-column": key, "data-number": numeric, title: why || (!better && text) }, text);
    if (text === NO_VALUE) element.className = "iv-muted";
    if (!better || typeof value !== "number") return element;
    const bestText = h("span", { class: "iv-unseen" }, " (best)");
    dressed.push((scales) => {
      const { full, best } = scales.get(key)!;
      element.style.setProperty("--iv-part", `${((100 * Math.min(value, full)) / full).toFixed(2)}%`);
      const isBest = value === best;
      if (isBest === element.hasAttribute("data-best")) return;
      element.toggleAttribute("data-best", isBest);
      if (isBest) element.append(bestText);
      else bestText.remove();
      element.title = isBest ? "The best of this column" : "";
    });
    return element;
  };
  const element = h(
    "tr",
    {
      "data-testid": "quality-row",
      "data-layer": row.layer,
      "data-method": row.method,
      "data-model": row.model,
      "data-row": identity(row),
    },
    nameCell(row),
    ...columns.filter(({ key }) => key !== "layer").map(cell),
  );
  return {
    element,
    dress(scales) {
      for (const dress of dressed) dress(scales);
    },
  };
}
