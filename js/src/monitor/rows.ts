// The table of layers in execution order. Rows are made once and written anew at each frame; several can be chosen.
import { h, setText, svg } from "../ui/dom";
import { number, percent } from "../ui/format";
import { paintStrip, sparkPath } from "./pictures";
import type { Run } from "./run";

type Names = readonly string[];

export interface Rows {
  readonly element: HTMLElement;
  show(run: Run): void;
  /** Mark the chosen layers with the colours of their lines. */
  mark(chosen: Names, colours: Names): void;
}

/** What a click makes of the choice: with Ctrl one more or less, with Shift all from the last one on, else only this. */
export function clicked(
  chosen: Names,
  layer: string,
  all: Names,
  { toggle = false, range = false, most = Infinity }: { toggle?: boolean; range?: boolean; most?: number } = {},
): string[] {
  // The first one is the layer whose channels and weights are shown, so it stays the first.
  if (range && chosen.length) {
    const [from, to] = [all.indexOf(chosen[0]!), all.indexOf(layer)];
    const between = all.slice(Math.min(from, to), Math.max(from, to) + 1);
    return [chosen[0]!, ...between.filter((name) => name !== chosen[0]).slice(0, most - 1)];
  }
  if (!toggle) return [layer];
  const rest = chosen.filter((name) => name !== layer);
  // The last one cannot be taken away; of too many the one after the first goes.
  if (rest.length < chosen.length) return rest.length ? rest : [...chosen];
  return rest.length < most ? [...rest, layer] : [rest[0]!, ...rest.slice(2), layer];
}

interface Row {
  readonly element: HTMLElement;
  show(run: Run, at: number): void;
}

const COLUMNS: [string, string, string][] = [
  ["layer", "Layer", "In the order in which they run"],
  ["kind", "Kind", "Class of the module"],
  ["mean", "Mean", "Of the latest activations"],
  ["std", "Standard deviation", "Of the latest activations: how far they spread about their mean (\u03c3)"],
  [
    "spark",
    "Standard deviation over time",
    "From the first recorded step to the last, each layer on its own scale (\u03c3)",
  ],
  ["strip", "Values", "Where the latest values lie: negative left, zero in the middle, on a logarithmic scale"],
  ["near", "Near zero", "Share of the values at most 0.001 in size"],
  ["dead", "Dead", "Share of the channels that are never above zero, of layers without negative values"],
  ["verdict", "Verdict", "What the diagnosis says"],
];

function makeRow(name: string, kind: string): Row {
  const cell = (column: string, ...children: (Node | string)[]): HTMLElement =>
    h("td", { "data-column": column }, ...children);
  const path = svg("path", null);
  const strip = h("canvas", { class: "iv-monitor-strip", "aria-hidden": "true" });
  const [mean, std, near, dead] = ["mean", "std", "near", "dead"].map((column) => cell(column));
  const verdict = cell("verdict");
  const element = h(
    "tr",
    { "data-testid": "monitor-row", "data-layer": name },
    h(
      "th",
      { scope: "row", "data-column": "layer" },
      h("span", { class: "iv-monitor-swatch" }),
      h("button", { type: "button", title: name }, h("bdi", null, name)),
    ),
    h("td", { "data-column": "kind", class: "iv-muted", title: kind }, kind),
    mean!,
    std!,
    cell("spark", svg("svg", { class: "iv-monitor-spark", viewBox: "0 0 96 20", "aria-hidden": "true" }, path)),
    cell("strip", strip),
    near!,
    dead!,
    verdict,
  );
  let drawn = "";
  return {
    element,
    show({ said, arrays }, at) {
      const seen = Number.isFinite(arrays.std.data[at]!);
      const part = (values: Float32Array): string => (Number.isFinite(values[at]!) ? percent(values[at]!, 1) : "–");
      setText(mean!, seen ? number(arrays.mean.data[at]!, 3) : "–");
      setText(std!, seen ? number(arrays.std.data[at]!, 3) : "–");
      setText(near!, part(arrays.nearZeros.data));
      setText(dead!, part(arrays.dead.data));
      const points = arrays.sparks.shape[1]!;
      const next = sparkPath(arrays.sparks.data.subarray(at * points, (at + 1) * points));
      if (next !== drawn) path.setAttribute("d", next);
      drawn = next;
      const shares = arrays.strips.shape[1]!;
      paintStrip(strip, arrays.strips.data.subarray(at * shares, (at + 1) * shares));
      const [word, severity] = said.verdicts[name] ?? ["", 0];
      setText(verdict, word || (seen ? "ok" : "not called"));
      verdict.dataset.severity = String(severity);
    },
  };
}

export function rows(choose: (layer: string, event: MouseEvent) => void): Rows {
  let made: Row[] = [];
  let listed = "";
  const body = h("tbody", null);
  const heads = COLUMNS.map(([column, name, title]) => h("th", { scope: "col", "data-column": column, title }, name));
  const element = h(
    "div",
    { class: "iv-monitor-scroll", tabindex: 0, role: "region", "aria-label": "Layers" },
    h(
      "table",
      { class: "iv-monitor-table", "aria-label": "Layers of the model in training" },
      h("thead", null, h("tr", null, ...heads)),
      body,
    ),
  );
  body.addEventListener("click", (event) => {
    const layer = (event.target as Element).closest("tr")?.dataset.layer;
    if (layer !== undefined) choose(layer, event);
  });
  // Shift and a click would select the text between.
  body.addEventListener("mousedown", (event) => {
    if (event.shiftKey) event.preventDefault();
  });

  const mark = (chosen: Names, colours: Names): void => {
    for (const { element: row } of made) {
      const place = chosen.indexOf(row.dataset.layer!);
      row.setAttribute("aria-selected", String(place >= 0));
      row.style.setProperty("--iv-line-colour", place >= 0 ? (colours[place] ?? "") : "");
    }
  };

  return {
    element,
    mark,
    show(run) {
      const all = run.said.rows;
      const names = all.map((row) => row.join("\t")).join("\n");
      if (names !== listed) {
        listed = names;
        made = all.map(([name, kind]) => makeRow(name, kind));
        body.replaceChildren(...made.map((row) => row.element));
      }
      for (const [i, row] of made.entries()) row.show(run, i);
    },
  };
}
