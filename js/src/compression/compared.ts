// Every block by how far it can be compressed: a table whose rows choose the block and its rank.
import type { ComparedFrame, ComparedRow } from "../frames";
import { h, setText } from "../ui/dom";
import { count, percent, points } from "../ui/format";

export interface Compared {
  readonly element: HTMLElement;
  show(header: ComparedFrame["header"]): void;
}

export function compared(choose: (row: ComparedRow) => void): Compared {
  const caption = h("caption");
  const body = h("tbody");
  const heads = ["Block", "Rank", "Of full rank", "Change, points", "Samples"];
  const element = h(
    "table",
    { class: "iv-compared", "data-testid": "compared" },
    caption,
    h("thead", null, h("tr", null, ...heads.map((head) => h("th", { scope: "col" }, head)))),
    body,
  );
  element.hidden = true;

  const row = (one: ComparedRow): HTMLElement => {
    const { change, low, high } = one;
    const interval = low === null || high === null ? "" : ` (${points(low)} to ${points(high)})`;
    return h(
      "tr",
      { "data-layer": one.layer },
      h(
        "th",
        { scope: "row" },
        h(
          "button",
          {
            type: "button",
            class: "iv-button",
            title: `Compress ${one.layer} to ${count(one.rank)}`,
            onclick: () => choose(one),
          },
          one.layer,
        ),
      ),
      h("td", null, one.kept ? count(one.rank) : `more than ${count(one.rank)}`),
      h("td", null, `${one.kept ? "" : "> "}${percent(one.rank / one.full, 0)}`),
      h("td", null, change === null ? "\u2013" : points(change) + interval),
      h("td", null, `${count(one.evaluated)} of ${count(one.total)}`),
    );
  };

  return {
    element,
    show({ rows, tolerated }) {
      element.hidden = !rows.length;
      setText(
        caption,
        `The smallest rank evaluated from which on no more than ${points(tolerated).replace("+", "")} points of ` +
          "accuracy are lost; the most compressible block first",
      );
      body.replaceChildren(...rows.map(row));
    },
  };
}
