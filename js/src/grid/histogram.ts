// The histogram of one channel's values.
import { h, setText, svg } from "../ui/dom";
import { count, number } from "../ui/format";

export interface Histogram {
  readonly element: HTMLElement;
  /** `edges` has one entry more than `counts`. */
  show(edges: Float32Array, counts: Uint32Array): void;
}

/** The bars as one path in a box of one unit a bin by one unit high. */
export function barsPath(counts: Uint32Array, log: boolean): string {
  const size = (n: number): number => (log ? Math.log1p(n) : n);
  const peak = size(counts.reduce((a, b) => Math.max(a, b), 1));
  let path = "";
  counts.forEach((n, i) => {
    if (n) path += `M${i} 1v${-(size(n) / peak).toFixed(4)}h1V1z`;
  });
  return path;
}

export function histogram(): Histogram {
  const bars = svg("path", { class: "iv-bars" });
  const zero = svg("line", { class: "iv-zero", y1: 0, y2: 1 });
  const plot = svg("svg", { class: "iv-plot", preserveAspectRatio: "none", role: "img" }, zero, bars);
  const low = h("span");
  const high = h("span");
  const said = h("span", { class: "iv-said" });
  const log = h(
    "button",
    { type: "button", class: "iv-button iv-quiet", "aria-pressed": "false", title: "Logarithmic counts" },
    "log",
  );
  const element = h(
    "div",
    { class: "iv-histogram", "data-testid": "histogram" },
    h("div", { class: "iv-head" }, h("h3", null, "Values"), said, log),
    plot,
    h("div", { class: "iv-axis" }, low, high),
  );
  let edges: Float32Array = new Float32Array();
  let counts: Uint32Array = new Uint32Array();

  const summary = (): void => {
    const total = counts.reduce((a, b) => a + b, 0);
    setText(
      said,
      `${count(total)} in ${counts.length} bins, at most ${count(counts.reduce((a, b) => Math.max(a, b), 0))}`,
    );
  };
  const draw = (): void => {
    bars.setAttribute("d", barsPath(counts, log.getAttribute("aria-pressed") === "true"));
  };
  log.addEventListener("click", () => {
    log.setAttribute("aria-pressed", String(log.getAttribute("aria-pressed") !== "true"));
    draw();
  });
  plot.addEventListener("pointermove", (event) => {
    const bounds = plot.getBoundingClientRect();
    const bin = Math.min(counts.length - 1, Math.floor(((event.clientX - bounds.left) / bounds.width) * counts.length));
    if (bin < 0) return;
    setText(said, `${number(edges[bin]!, 3)} to ${number(edges[bin + 1]!, 3)}: ${count(counts[bin]!)}`);
  });
  plot.addEventListener("pointerleave", summary);

  return {
    element,
    show(nextEdges, nextCounts) {
      edges = nextEdges;
      counts = nextCounts;
      const [from, to] = [edges[0] ?? 0, edges[counts.length] ?? 1];
      plot.setAttribute("viewBox", `0 0 ${Math.max(1, counts.length)} 1`);
      plot.setAttribute("aria-label", `Histogram of the values from ${number(from)} to ${number(to)}`);
      const at = (-from / (to - from)) * counts.length;
      zero.toggleAttribute("hidden", !(from < 0 && to > 0));
      zero.setAttribute("x1", String(Number.isFinite(at) ? at : 0));
      zero.setAttribute("x2", String(Number.isFinite(at) ? at : 0));
      setText(low, number(from));
      setText(high, number(to));
      draw();
      summary();
    },
  };
}
