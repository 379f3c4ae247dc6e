// How many of each class are selected, against the rest: a pair of bars for each class.
import { h, setText } from "../ui/dom";
import { count, percent } from "../ui/format";
import { isolated, nameTag, shortened } from "../ui/names";
import { cell, keys } from "./columns";
import { type ClassShare, type Contrast, classShares, fold, longest } from "./shares";

export interface Classes {
  readonly element: HTMLElement;
  show(contrast: Contrast): void;
}

// Letters of a class's name that there is room for in a panel 264 pixels wide.
const NAME = 12;

const bar = (kind: "selected" | "rest", share: number, most: number): HTMLElement =>
  h("span", { class: `iv-brush-${kind}`, style: `width: ${((100 * share) / most).toFixed(2)}%` });

export function classCounts(): Classes {
  let contrast: Contrast | undefined;
  let open = false;
  const head = h(
    "div",
    { class: "iv-brush-row iv-brush-head", role: "row" },
    cell("columnheader", "name", "Class"),
    cell("columnheader", "bars", h("span", { class: "iv-unseen" }, "Shares")),
    ...keys(),
  );
  const body = h("div", { class: "iv-brush-body", role: "rowgroup" });
  const table = h("div", { class: "iv-brush-table", role: "table", "aria-label": "Samples of each class" }, head, body);
  const more = h("button", {
    type: "button",
    class: "iv-button iv-quiet iv-brush-more",
    "data-testid": "brush-more-classes",
    onclick: () => {
      open = !open;
      draw();
    },
  });
  const title = h("h3", { class: "iv-brush-heading" }, "Samples by class");
  const missing = h("p", { class: "iv-muted", "data-testid": "brush-no-labels" });
  const element = h("section", { class: "iv-brush-part", "aria-label": "Classes" }, title, table, more, missing);

  const row = (one: ClassShare, short: string, most: number, { selected, rest }: Contrast): HTMLElement =>
    h(
      "div",
      {
        class: "iv-brush-row",
        role: "row",
        title: [
          isolated(one.name),
          `${count(one.selected)} of ${count(selected)} selected (${percent(one.selectedShare)})`,
          `${count(one.rest)} of the other ${count(rest)} (${percent(one.restShare)})`,
        ].join("\n"),
        "data-testid": "brush-class",
        "data-class": one.name,
        "data-none": one.selected === 0,
      },
      cell("rowheader", "name", nameTag(one.name, short, { title: null })),
      cell("cell", "bars", bar("selected", one.selectedShare, most), bar("rest", one.restShare, most)),
      cell("cell", "number", count(one.selected)),
      cell("cell", "number", count(one.rest)),
    );

  const draw = (): void => {
    if (!contrast) return;
    const shares = classShares(contrast);
    const [shown, left] = fold(shares);
    const most = longest(shares);
    const short = shortened(
      shares.map((one) => one.name),
      NAME,
    );
    const listed = open ? shares : shares.slice(0, shown);
    body.replaceChildren(...listed.map((one, i) => row(one, short[i]!, most, contrast!)));
    setText(more, open ? "Show fewer" : left);
    more.setAttribute("aria-expanded", String(open));
    more.hidden = !left;
    table.hidden = !shares.length;
    setText(missing, shares.length ? "" : "The data has no labels: there are no classes to count.");
    missing.hidden = shares.length > 0;
  };

  return {
    element,
    show(next) {
      contrast = next;
      draw();
    },
  };
}
