// The numbers of a chart as a table: for those who cannot see it, and for copying.
import { h } from "../ui/dom";
import { count } from "../ui/format";
import { valueAt } from "./join";
import { binsOf, binText, valueText } from "./readings";
import { exactly, nameOf } from "./scales";
import { type Content, stepsOf } from "./scene";
import type { Series } from "./types";

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Rows that were left out. */
  readonly more: number;
}

/** More rows than anybody reads would slow the page. */
const MOST_ROWS = 1000;

/** The index of the value that a series has at exactly this place; −1 where it has none. */
const indexAt = (series: Series, at: number): number => {
  const index = valueAt(series, at);
  return series.kind !== "bars" && index >= 0 && series.x[index] !== at ? -1 : index;
};

function barRows(series: readonly Series[], content: Content, write: (value: number) => string): string[][] | null {
  const first = series[0];
  if (first?.kind !== "bars") return null;
  return Array.from({ length: first.heights.length }, (_, i) => {
    const [from, to] = [first.edges[i]!, first.edges[i + 1]!];
    const values = series.map((one) => valueText(one, valueAt(one, (from + to) / 2), exactly(content.y)));
    return [`${write(from)} to ${write(to)}`, ...values];
  });
}

export function tableOf(content: Content): Table {
  const { series, heat, marks = [] } = content;
  const write = exactly(content.x);
  const xName = nameOf(content.x, "x");
  const cut = (head: string[], rows: string[][]): Table => ({
    head,
    rows: rows.slice(0, MOST_ROWS),
    more: Math.max(0, rows.length - MOST_ROWS),
  });
  if (heat) {
    const rows: string[][] = [];
    for (let column = 0; column + 1 < heat.edges.length; column++) {
      const bins = binsOf(heat, column);
      const place = `${write(heat.edges[column]!)} to ${write(heat.edges[column + 1]!)}`;
      const said = bins ? [bins.low, bins.most, bins.high].map((bin) => binText(heat, bin)) : ["–", "–", "–"];
      rows.push([place, ...said]);
    }
    return cut([xName, "lowest", "most frequent", "highest"], rows);
  }
  const names = series.map(({ name }) => name);
  const bars = barRows(series, content, write);
  if (bars) return cut([xName, ...names], bars);
  const words = new Map<number, string>();
  for (const { x, word } of marks) if (word) words.set(x, [words.get(x), word].filter(Boolean).join(", "));
  const places = [...new Set([...stepsOf(content), ...words.keys()])].sort((a, b) => a - b);
  const rows = places.map((at) => {
    const values = series.map((one) => {
      const side = one.kind !== "bars" && one.side === "right" ? content.right : content.y;
      return valueText(one, indexAt(one, at), exactly(side));
    });
    return [write(at), ...values, ...(words.size ? [words.get(at) ?? ""] : [])];
  });
  return cut([xName, ...names, ...(words.size ? ["event"] : [])], rows);
}

/** The table as an element. */
export function tableElement({ head, rows, more }: Table, caption: string): HTMLElement {
  return h(
    "div",
    {
      class: "iv-chart-table",
      tabindex: 0,
      role: "region",
      "aria-label": `${caption}: table`,
      "data-testid": "chart-table",
    },
    h(
      "table",
      null,
      h("caption", { class: "iv-unseen" }, caption),
      h("thead", null, h("tr", null, ...head.map((name) => h("th", { scope: "col" }, name)))),
      h(
        "tbody",
        null,
        ...rows.map(([first, ...cells]) =>
          h("tr", null, h("th", { scope: "row" }, first), ...cells.map((cell) => h("td", null, cell))),
        ),
      ),
    ),
    more > 0 && h("p", { class: "iv-muted" }, `${count(more)} more rows are not shown`),
  );
}
