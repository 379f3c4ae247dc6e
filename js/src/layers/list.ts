// The scrolling list of rows. Only those in sight exist as elements, and the one that has the focus.
import { h } from "../ui/dom";
import type { Found } from "./filter";
import { makeRow, ROW_HEIGHT, type Row } from "./row";
import { moved, type Node } from "./tree";

export interface ListEvents {
  /** A row was clicked, or Enter pressed on it. */
  press(index: number): void;
  /** The focus went to a row. */
  visit(index: number): void;
  fold(index: number, fold: boolean): void;
  copy(index: number, row: HTMLElement): void;
  /** A key that the list has no use for. True: someone else had. */
  key(event: KeyboardEvent): boolean;
}

export interface Listing {
  readonly nodes: readonly Node[];
  readonly found: Found;
  readonly folded: ReadonlySet<string>;
  readonly words: readonly string[];
  readonly selected: number;
  readonly active: number;
}

export interface List {
  readonly element: HTMLElement;
  show(listing: Listing): void;
  /** Scroll a row into sight, as soon as the list can be seen; `focus` gives it the focus as well. */
  reveal(index: number, focus?: boolean): void;
  focus(): void;
  destroy(): void;
}

const HEADER = 24;
// Rows above and below those in sight, so that a quick flick of the wheel meets no gap.
const SPARE = 12;
// Before the list is laid out its height is unknown.
const FALLBACK_HEIGHT = 480;

const COLUMNS = [
  ["name", "Layer"],
  ["kind", "Kind"],
  ["shape", "Shape"],
  ["size", "Values"],
  ["parameters", "Params"],
] as const;

export function createList(events: ListEvents, foldAll: HTMLElement): List {
  const header = h(
    "div",
    { class: "iv-layer-header", role: "row", "aria-rowindex": 1 },
    ...COLUMNS.map(([column, text]) =>
      h(
        "div",
        {
          class: `iv-layer-${column}`,
          role: "columnheader",
          title: column === "shape" ? "Shape of the output for one sample" : undefined,
        },
        column === "name" && foldAll,
        text,
      ),
    ),
  );
  const content = h("div", { class: "iv-layer-content", role: "rowgroup" });
  const element = h(
    "div",
    {
      class: "iv-layer-list",
      role: "treegrid",
      "aria-label": "Layers, in the order in which they run",
      "data-testid": "layer-list",
      "data-lm-suppress-shortcuts": "true",
      tabindex: -1,
    },
    h("div", { role: "rowgroup" }, header),
    content,
  );
  let now: Listing | undefined;
  let rows = new Map<number, Row>();
  let height = 0;
  let awaited: number | undefined;

  const stop = (): number => {
    if (!now) return -1;
    const { order } = now.found;
    return order.includes(now.active) ? now.active : (order[0] ?? -1);
  };

  const render = (): void => {
    if (!now) return;
    const { nodes, found, folded, words, selected } = now;
    const room = height || FALLBACK_HEIGHT;
    const from = Math.max(0, Math.floor(element.scrollTop / ROW_HEIGHT) - SPARE);
    const to = Math.min(found.order.length, Math.ceil((element.scrollTop + room) / ROW_HEIGHT) + SPARE);
    const keep = stop();
    const places = new Map<number, number>();
    for (let place = from; place < to; place++) places.set(found.order[place]!, place);
    if (keep >= 0 && !places.has(keep)) places.set(keep, found.order.indexOf(keep));
    for (const [index, row] of rows) {
      if (places.has(index)) continue;
      row.element.remove();
      rows.delete(index);
    }
    for (const [index, place] of places) {
      let row = rows.get(index);
      if (!row) {
        row = makeRow(nodes[index]!);
        rows.set(index, row);
        content.append(row.element);
      }
      row.dress({
        words,
        place,
        selected: index === selected,
        stop: index === keep,
        muted: !found.matched[index],
        open: found.opens[index] ? !folded.has(nodes[index]!.row.name) : null,
      });
    }
    element.dataset.rows = String(found.order.length);
  };

  const scrollTo = (index: number, nearest: boolean): void => {
    const place = now?.found.order.indexOf(index) ?? -1;
    if (place < 0) return;
    const room = height - HEADER;
    const top = place * ROW_HEIGHT;
    let to = element.scrollTop;
    if (top >= to && top + ROW_HEIGHT <= to + room) return;
    // Under the arrow keys the list moves by a row; otherwise one wants to see what is around the row.
    if (!nearest) to = top - (room - ROW_HEIGHT) / 2;
    else to = top < to ? top : top + ROW_HEIGHT - room;
    element.scrollTo({ top: Math.max(0, to), behavior: "instant" });
  };

  const reveal = (index: number, focus = false): void => {
    if (height) scrollTo(index, focus);
    else awaited = index;
    render();
    if (focus) rows.get(index)?.element.focus({ preventScroll: true });
  };

  const measure = (): void => {
    const before = height;
    height = element.clientHeight;
    if (height === before) return;
    if (height && awaited !== undefined) scrollTo(awaited, false);
    if (height) awaited = undefined;
    render();
  };

  const rowOf = (event: Event): HTMLElement | null => (event.target as Element).closest<HTMLElement>(".iv-layer");
  const doing = (event: Event): string | undefined =>
    (event.target as Element).closest<HTMLElement>("[data-do]")?.dataset.do;

  content.addEventListener("click", (event) => {
    const row = rowOf(event);
    if (!row || !now) return;
    const index = Number(row.dataset.index);
    const what = doing(event);
    if (what === "copy") events.copy(index, row);
    else if (what === "fold" && now.found.opens[index])
      events.fold(index, row.getAttribute("aria-expanded") === "true");
    else {
      row.focus({ preventScroll: true });
      events.press(index);
    }
  });
  content.addEventListener("focusin", (event) => {
    const row = rowOf(event);
    if (row && now && Number(row.dataset.index) !== now.active) events.visit(Number(row.dataset.index));
  });
  element.addEventListener("keydown", (event) => {
    if (!now) return;
    const row = rowOf(event);
    const index = row ? Number(row.dataset.index) : stop();
    const onButton = doing(event) === "copy";
    const name = now.nodes[index]?.row.name ?? "";
    let used = true;
    if ((event.ctrlKey || event.metaKey) && event.key === "c" && row && !getSelection()?.toString())
      events.copy(index, row);
    else if (event.ctrlKey || event.metaKey || event.altKey) used = false;
    else if (event.key === "Enter" || event.key === " ") {
      if (onButton) return event.stopPropagation(); // the button's own click follows
      events.press(index);
    } else {
      const move = moved(now.nodes, now.found.order, index, event.key, {
        folded: now.folded.has(name),
        leaf: !now.found.opens[index],
        page: Math.max(1, Math.floor((height || FALLBACK_HEIGHT) / ROW_HEIGHT) - 2),
      });
      if (move && "to" in move) {
        events.visit(move.to);
        reveal(move.to, true);
      } else if (move) events.fold(index, move.fold);
      else used = /^(Arrow|Page)/.test(event.key) || events.key(event);
    }
    if (!used) return;
    event.preventDefault();
    event.stopPropagation();
  });
  element.addEventListener("scroll", render, { passive: true });
  const observer = new ResizeObserver(measure);
  observer.observe(element);

  return {
    element,
    reveal,
    show(listing) {
      if (now?.nodes !== listing.nodes) {
        for (const row of rows.values()) row.element.remove();
        rows = new Map();
      }
      now = listing;
      content.style.height = `${listing.found.order.length * ROW_HEIGHT}px`;
      element.setAttribute("aria-rowcount", String(listing.found.order.length + 1));
      render();
    },
    focus() {
      const index = stop();
      if (index >= 0) reveal(index, true);
    },
    destroy: () => observer.disconnect(),
  };
}
