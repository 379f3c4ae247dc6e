// What the model says of the sample, before and after.
import type { DecidedFrame } from "../frames";
import { h, setText } from "../ui/dom";
import { percent } from "../ui/format";
import { isolated, nameTag, shortened } from "../ui/names";

// Letters of a class's name that there is room for beside the bars.
const NAME = 13;

export interface Decided {
  readonly element: HTMLElement;
  show(frame: DecidedFrame, compressed: boolean): void;
}

export function decided(): Decided {
  const verdict = h("span", { "data-testid": "verdict" });
  const body = h("tbody", null);
  const table = h(
    "table",
    { class: "iv-decided-table", "aria-label": "Prediction before and after" },
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        h("th", { scope: "col" }, h("span", { class: "iv-unseen" }, "class")),
        h("th", { scope: "col" }, "before"),
        h("th", { scope: "col" }, "after"),
      ),
    ),
    body,
  );
  const reason = h("p", { class: "iv-muted", "data-testid": "not-classifier" });
  const bar = (share: number, best: boolean): HTMLElement =>
    h(
      "td",
      { "data-best": best },
      h(
        "span",
        { class: "iv-decided-cell" },
        h("span", { class: "iv-decided-bar" }, h("i", { style: `width: ${(100 * share).toFixed(2)}%` })),
        h("span", { class: "iv-decided-share" }, percent(share)),
      ),
    );

  return {
    element: h(
      "section",
      { class: "iv-decided", "data-testid": "decided" },
      h("h4", null, "Prediction ", verdict),
      table,
      reason,
    ),
    show({ header }, compressed) {
      const { classes, label } = header;
      const likeliest = (part: "before" | "after"): number =>
        classes.reduce((best, one, i) => (one[part] > classes[best]![part] ? i : best), 0);
      const [was, is] = [likeliest("before"), likeliest("after")];
      const changed = classes.length > 0 && was !== is;
      table.hidden = !classes.length;
      const names = classes.map((one) => one.label);
      const short = shortened(names, NAME);
      const tag = (i: number): HTMLElement => nameTag(names[i]!, short[i]);
      if (!classes.length || !compressed) verdict.replaceChildren();
      else if (changed) verdict.replaceChildren("changes from ", tag(was), " to ", tag(is));
      else setText(verdict, "stays");
      verdict.toggleAttribute("data-changed", changed);
      body.replaceChildren(
        ...classes.map((one, i) =>
          h(
            "tr",
            { "data-label": one.label === label },
            h(
              "th",
              { scope: "row", title: one.label === label ? `${isolated(one.label)}: the sample's label` : one.label },
              nameTag(one.label, short[i], { title: null }),
            ),
            bar(one.before, i === was),
            bar(one.after, i === is),
          ),
        ),
      );
      setText(reason, header.notClassifier);
      reason.hidden = !header.notClassifier;
    },
  };
}
