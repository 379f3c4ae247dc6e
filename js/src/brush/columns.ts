// What both tables of the brush panel have in common.
import { h } from "../ui/dom";

/** One cell of a row. */
export const cell = (role: string, name: string, ...children: (string | HTMLElement)[]): HTMLElement =>
  h("span", { role, class: `iv-brush-${name}` }, ...children);

/** The heads of the two columns of numbers, with the colours of the bars. */
export const keys = (): HTMLElement[] =>
  (["Selected", "Rest"] as const).map((name) =>
    cell(
      "columnheader",
      "number",
      h("span", { class: `iv-brush-key iv-brush-${name.toLowerCase()}` }),
      h("span", { class: "iv-brush-word" }, name),
    ),
  );
