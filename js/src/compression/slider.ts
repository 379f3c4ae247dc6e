// The rank: a slider with a logarithmic scale below the curve of explained variance, and the number itself.
import { h, setText, svg } from "../ui/dom";
import { count } from "../ui/format";

export interface RankSlider {
  readonly element: HTMLElement;
  /** The rank and the highest there is; `unit` is "rank" or "bits". */
  show(rank: number, full: number, unit: string): void;
  /** The fraction of the variance that ranks 1, 2, ... keep; null while it is not known. */
  curve(kept: Float32Array | null): void;
  disable(yes: boolean): void;
  destroy(): void;
}

// A slider that stands still for so long rests, though the finger may still be on it.
const REST_MS = 100;
const WIDTH = 1000; // of the curve's box, which is stretched to the slider's width
const POINTS = 240; // of the curve, at most

/** Where a rank is on the slider, from 0 to 1. */
export const placeOf = (rank: number, full: number): number => (full > 1 ? Math.log(rank) / Math.log(full) : 0);

/** The rank at a place. */
export const rankAt = (place: number, full: number): number =>
  Math.min(full, Math.max(1, Math.round(full ** Math.min(1, Math.max(0, place)))));

/** The rank that a key leads to; undefined for a key that does not move. */
export function stepped(rank: number, full: number, key: string): number | undefined {
  const to: Record<string, number> = {
    ArrowLeft: rank - 1,
    ArrowDown: rank - 1,
    ArrowRight: rank + 1,
    ArrowUp: rank + 1,
    PageDown: Math.round(rank / 2),
    PageUp: 2 * rank,
    Home: 1,
    End: full,
  };
  const found = to[key];
  return found === undefined ? undefined : Math.min(full, Math.max(1, found));
}

/** The curve as a path in a box of WIDTH x 1, upside down as SVG has it; as far as it is known. */
export function curvePath(kept: Float32Array, full: number): string {
  const ranks = new Set<number>();
  for (let i = 0; i <= POINTS; i++) ranks.add(Math.min(kept.length, rankAt(i / POINTS, full)));
  const y = (rank: number): string => (1 - Math.min(1, Math.max(0, kept[rank - 1]!))).toFixed(4);
  return [...ranks].map((rank, i) => `${i ? "L" : "M"}${(WIDTH * placeOf(rank, full)).toFixed(1)} ${y(rank)}`).join("");
}

export function rankSlider(moved: (rank: number) => void, rested: () => void): RankSlider {
  let rank = 1;
  let full = 1;
  let unit = "rank";
  let written: number | undefined; // into the field of the exact number
  let kept: Float32Array | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const range = h("input", {
    type: "range",
    class: "iv-range",
    min: 0,
    max: 1,
    step: "any",
    "aria-label": "Rank",
    "data-testid": "rank",
    "data-lm-suppress-shortcuts": "true",
  });
  const exact = h("input", {
    type: "number",
    class: "iv-input iv-number",
    min: 1,
    step: 1,
    "aria-label": "Rank, exactly",
    "data-testid": "rank-number",
    "data-lm-suppress-shortcuts": "true",
  });
  const name = h("span", { class: "iv-muted" });
  const of = h("span", { class: "iv-muted", "data-testid": "full" });
  const area = svg("path", { class: "iv-rank-area" });
  const line = svg("path", { class: "iv-rank-line" });
  const mark = svg("line", { class: "iv-rank-mark", y1: 0, y2: 1 });
  const plot = svg(
    "svg",
    { class: "iv-rank-plot", viewBox: `0 0 ${WIDTH} 1`, preserveAspectRatio: "none", role: "img" },
    area,
    line,
    mark,
  );
  const said = h("span", { class: "iv-rank-said iv-muted" });

  const point = (): void => {
    const x = (WIDTH * placeOf(rank, full)).toFixed(1);
    mark.setAttribute("x1", x);
    mark.setAttribute("x2", x);
    const here = kept?.[rank - 1];
    plot.setAttribute(
      "aria-label",
      here === undefined ? "Explained variance by rank" : `Explained variance ${(100 * here).toFixed(1)} %`,
    );
    range.setAttribute("aria-valuetext", `${unit} ${rank} of ${full}`);
    // Only when it changes: somebody may be typing another one.
    if (written !== rank) exact.value = String(rank);
    written = rank;
  };

  const draw = (): void => {
    const path = kept ? curvePath(kept, full) : "";
    line.setAttribute("d", path);
    const end = kept ? WIDTH * placeOf(Math.min(kept.length, full), full) : 0;
    area.setAttribute("d", path && `${path}L${end} 1L0 1z`);
    point();
  };

  const rest = (): void => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    rested();
  };
  const move = (to: number): void => {
    if (to !== rank) {
      rank = to;
      point();
      moved(rank);
      clearTimeout(timer);
      timer = setTimeout(rest, REST_MS);
    }
  };
  range.addEventListener("input", () => move(rankAt(Number(range.value), full)));
  range.addEventListener("change", () => {
    range.value = String(placeOf(rank, full));
    rest();
  });
  range.addEventListener("keydown", (event) => {
    const to = stepped(rank, full, event.key);
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    move(to);
    range.value = String(placeOf(rank, full));
  });
  // JupyterLab would take Enter for itself.
  exact.addEventListener("keydown", (event) => event.stopPropagation());
  exact.addEventListener("change", () => {
    const to = Math.min(full, Math.max(1, Math.round(Number(exact.value)) || rank));
    move(to);
    exact.value = String(rank);
    range.value = String(placeOf(rank, full));
    rest();
  });

  return {
    element: h(
      "div",
      { class: "iv-rank" },
      h("div", { class: "iv-rank-slide" }, said, plot, range),
      h("label", { class: "iv-rank-exact" }, name, exact, of),
    ),
    show(nextRank, nextFull, nextUnit) {
      const changed = nextFull !== full;
      [rank, full, unit] = [nextRank, nextFull, nextUnit];
      exact.max = String(full);
      setText(name, unit);
      setText(of, `of ${count(full)}`);
      // While the thumb is held its place is the pointer's.
      if (timer === undefined) range.value = String(placeOf(rank, full));
      if (changed) draw();
      else point();
    },
    curve(next) {
      kept = next;
      setText(said, kept ? "explained variance" : "");
      draw();
    },
    disable(yes) {
      range.disabled = exact.disabled = yes;
    },
    destroy: () => clearTimeout(timer),
  };
}
