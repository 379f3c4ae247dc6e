// One row of the tree: its elements are made once, and dressed anew when anything about it changes.
import { h, setText } from "../ui/dom";
import { compact, count, shapeText } from "../ui/format";
import { COPY, icon, RIGHT } from "../ui/icons";
import { pieces } from "./filter";
import { isHolder, type Node } from "./tree";
import { badge, note } from "./words";

export interface Look {
  readonly words: readonly string[];
  readonly selected: boolean;
  /** The one row that the Tab key reaches. */
  readonly stop: boolean;
  /** Shown only for what it holds. */
  readonly muted: boolean;
  /** null: nothing to unfold. */
  readonly open: boolean | null;
  /** Its place in the list, from 0. */
  readonly place: number;
}

export interface Row {
  readonly element: HTMLElement;
  dress(look: Look): void;
}

export const ROW_HEIGHT = 24;

const marked = (text: string, range: readonly [number, number], words: readonly string[]): (HTMLElement | string)[] =>
  pieces(text, range, words).map((piece) => (piece.marked ? h("mark", null, piece.text) : piece.text));

export function makeRow(node: Node): Row {
  const { row, labelAt, label } = node;
  const why = badge(node);
  const name = h("span", { class: "iv-layer-label" });
  // Where the list has no room for the column of kinds, the kind follows the label; a bare number says nothing without it.
  const inlineKind = h("span", { class: "iv-layer-inline-kind", "data-number": /^\d+$/.test(label), title: row.kind });
  const kind = h("div", { class: "iv-layer-kind", role: "gridcell", title: row.kind });
  const copyButton = h(
    "button",
    {
      type: "button",
      class: "iv-button iv-quiet iv-layer-copy",
      title: `Copy ${row.name}`,
      "aria-label": `Copy the name ${row.name}`,
      "data-do": "copy",
      "data-testid": "copy",
    },
    icon(COPY),
  );
  const shape = row.shape ? shapeText(row.shape) : "";
  const element = h(
    "div",
    {
      class: "iv-layer",
      role: "row",
      "aria-level": node.level + 1,
      "aria-disabled": node.choosable ? null : "true",
      "data-layer": row.name,
      "data-index": node.index,
      "data-status": row.status,
      style: `--iv-level:${node.level}`,
      title: [row.name, node.choosable ? row.note : note(node)].filter(Boolean).join("\n"),
    },
    h(
      "div",
      { class: "iv-layer-name", role: "rowheader" },
      h("span", { class: "iv-layer-guides" }),
      isHolder(node)
        ? h("span", { class: "iv-layer-chevron", "data-do": "fold", "aria-hidden": "true" }, icon(RIGHT))
        : h("span", { class: "iv-layer-chevron" }),
      h("span", { class: "iv-layer-words" }, name, inlineKind),
      row.calls > 1 && h("span", { class: "iv-layer-call" }, h("span", null, "call "), `${node.call} of ${row.calls}`),
      copyButton,
    ),
    kind,
    why
      ? h("div", { class: "iv-layer-shape", role: "gridcell" }, h("span", { class: "iv-layer-badge" }, why))
      : h("div", { class: "iv-layer-shape", role: "gridcell", title: shape }, shape),
    h("div", { class: "iv-layer-size", role: "gridcell" }, row.size === null ? "" : count(row.size)),
    h(
      "div",
      { class: "iv-layer-parameters", role: "gridcell", title: count(row.parameters) },
      row.parameters ? compact(row.parameters) : "–",
    ),
  );
  let words: readonly string[] | undefined;

  return {
    element,
    dress(look) {
      if (look.words !== words) {
        words = look.words;
        name.replaceChildren(...marked(row.name, [labelAt, labelAt + label.length], words));
        for (const cell of [kind, inlineKind]) cell.replaceChildren(...marked(row.kind, [0, row.kind.length], words));
      }
      element.style.top = `${look.place * ROW_HEIGHT}px`;
      element.setAttribute("aria-rowindex", String(look.place + 2));
      element.setAttribute("aria-selected", String(look.selected));
      if (look.open === null) element.removeAttribute("aria-expanded");
      else element.setAttribute("aria-expanded", String(look.open));
      element.toggleAttribute("data-muted", look.muted);
      element.tabIndex = copyButton.tabIndex = look.stop ? 0 : -1;
    },
  };
}

/** Show for a moment that the name of a row was copied. */
export function flashCopied(row: HTMLElement, live: HTMLElement, name: string): void {
  row.setAttribute("data-copied", "");
  setText(live, `Copied ${name}`);
  setTimeout(() => {
    row.removeAttribute("data-copied");
    setText(live, "");
  }, 1200);
}
