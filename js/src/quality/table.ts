// The table: a row for each layer, model and space, sorted by clicks on the headers.
import type { QualityRow } from "../frames";
import { h, setText } from "../ui/dom";
import { ASCENDING, DESCENDING, icon } from "../ui/icons";
import { type Column, columns, type Quality } from "./measures";
import { best, full, nextOrder, type Order, sorted } from "./order";
import { makeRow, type Row } from "./row";

export interface Table {
  readonly element: HTMLElement;
  show(quality: Quality): void;
  /** Mark the rows of the chosen layer. */
  mark(layer: string | null): void;
  /** What is in sight: the rows as sorted, and the columns. */
  readonly shown: { rows: QualityRow[]; columns: Column[] };
}

/** Make these the children of an element, in this order, without touching those that are in place already. */
function arrange(parent: HTMLElement, children: readonly HTMLElement[]): void {
  const stay = new Set<Element>(children);
  for (const child of [...parent.children]) if (!stay.has(child)) child.remove();
  let next = parent.firstElementChild;
  for (const child of children) {
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
  }
}

export function table(choose: (layer: string) => void): Table {
  let quality: Quality = { kind: "quality", rows: [], k: 10, noLabels: "", latex: "" };
  let order: Order | null = null;
  let chosen: string | null = null;
  // By all that is written in them: rows come one by one, and most stay as they are.
  let made = new Map<string, Row>();

  const shown = (): { rows: QualityRow[]; columns: Column[] } => ({
    rows: sorted(quality.rows, order),
    // One model needs no column that says which.
    columns: columns(quality.k).filter(({ key }) => key !== "model" || quality.rows.some((row) => row.model !== "")),
  });

  const heads = columns(quality.k).map((column) => {
    const name = h("span", { class: "iv-quality-name" });
    const arrow = h("span", { class: "iv-quality-arrow" });
    const button = h(
      "button",
      { type: "button", onclick: () => sort(column) },
      h("span", { class: "iv-quality-title" }, name, arrow),
      column.better && h("span", { class: "iv-quality-better" }, `${column.better} is better`),
    );
    const numeric = column.better || column.key === "samples";
    const element = h("th", { scope: "col", "data-column": column.key, "data-number": !!numeric }, button);
    return { key: column.key, element, button, name, arrow };
  });
  const head = h("tr", null, ...heads.map(({ element }) => element));
  const body = h("tbody", null);
  const element = h(
    "div",
    { class: "iv-quality-scroll" },
    h("table", { class: "iv-quality-table", "aria-label": "Quality of representations" }, h("thead", null, head), body),
  );

  const sort = (column: Column): void => {
    order = nextOrder(order, column);
    draw();
  };

  const drawHeads = (all: readonly Column[]): void => {
    for (const { key, element: cell, button, name, arrow } of heads) {
      const column = all.find((one) => one.key === key);
      cell.hidden = !column;
      if (!column) continue;
      // Its lines break between words only: "10-neighbour" is one.
      setText(name, column.name.replaceAll("-", "\u2011"));
      cell.title = column.explained;
      button.setAttribute("aria-description", column.explained);
      const by = order?.key === key ? order : null;
      cell.setAttribute("aria-sort", by ? (by.ascending ? "ascending" : "descending") : "none");
      arrow.replaceChildren(...(by ? [icon(by.ascending ? ASCENDING : DESCENDING)] : []));
      cell.toggleAttribute("data-without-labels", !!column.byClass && quality.noLabels !== "");
    }
  };

  const mark = (): void => {
    for (const { element: row } of made.values()) {
      if (row.dataset.layer === chosen) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  };

  const draw = (): void => {
    const { rows, columns: all } = shown();
    drawHeads(all);
    const scales = new Map(all.map((column) => [column.key, { full: full(rows, column), best: best(rows, column) }]));
    const root = body.getRootNode() as Document | ShadowRoot;
    const focused = body.contains(root.activeElement) && root.activeElement?.closest("tr")?.dataset.row;

    const before = made;
    made = new Map();
    for (const row of rows) {
      const content = JSON.stringify([row, all.length, quality.noLabels]);
      const one = before.get(content) ?? makeRow(row, all, quality.noLabels);
      one.dress(scales);
      made.set(content, one);
    }
    const lines = [...made.values()].map((row) => row.element);
    arrange(body, lines);
    mark();
    // A row that was moved, or made anew, has lost the focus.
    if (!focused) return;
    const again = lines.find((line) => line.dataset.row === focused)?.querySelector("button");
    if (again !== root.activeElement) again?.focus({ preventScroll: true });
  };

  // The whole row is there for the mouse, the button in it for the keyboard; a text being selected is no click.
  body.addEventListener("click", (event) => {
    const layer = (event.target as Element).closest("tr")?.dataset.layer;
    if (layer !== undefined && !String(window.getSelection() ?? "")) choose(layer);
  });

  return {
    element,
    get shown() {
      return shown();
    },
    show(next) {
      quality = next;
      element.hidden = !quality.rows.length;
      draw();
    },
    mark(layer) {
      chosen = layer;
      mark();
    },
  };
}
