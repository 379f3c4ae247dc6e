// What the sample is, and what the model says of it.
import type { JudgedFrame } from "../frames";
import { h } from "../ui/dom";
import { percent } from "../ui/format";
import { CHECK, CLOSE, icon } from "../ui/icons";
import { nameTag, shortened } from "../ui/names";

// Letters of a class's name that there is room for: after "Prediction", beside a bar.
const FACT = 12;
const BAR = 13;

export interface Prediction {
  readonly element: HTMLElement;
  /** The label of the sample, and what the model says of it, once that is known. */
  show(label: string | null, judged: JudgedFrame["header"] | undefined): void;
}

export function prediction(): Prediction {
  const facts = h("dl", { class: "iv-sample-facts" });
  const bars = h("ol", { class: "iv-sample-bars", "aria-label": "The likeliest classes", "data-testid": "top" });
  const reason = h("p", { class: "iv-muted", "data-testid": "not-classifier" });
  const element = h("div", { class: "iv-sample-prediction" }, facts, bars, reason);
  let rows = 5; // as many as last time: nothing below moves while the answer is on its way

  const verdict = (right: boolean): HTMLElement =>
    h(
      "span",
      { class: right ? "iv-right" : "iv-wrong", "data-testid": "verdict" },
      icon(right ? CHECK : CLOSE),
      right ? "correct" : "wrong",
    );
  const fact = (name: string, id: string, value: HTMLElement | string, tail: HTMLElement | null = null): HTMLElement =>
    h("div", null, h("dt", null, name), h("dd", { "data-testid": id }, value, tail));

  return {
    element,
    show(label, judged) {
      const { predicted = null, top = [], notClassifier = "" } = judged ?? {};
      const pending = !judged;
      element.toggleAttribute("data-pending", pending);
      if (top.length) rows = top.length;
      const names = [label, predicted, ...top.map((one) => one.label)].filter((name) => name !== null);
      const wide = new Map(shortened(names, FACT).map((text, i) => [names[i]!, text]));
      const narrow = new Map(shortened(names, BAR).map((text, i) => [names[i]!, text]));
      facts.replaceChildren(
        ...[
          label !== null && fact("Label", "label", nameTag(label, wide.get(label))),
          (predicted !== null || pending) &&
            fact(
              "Prediction",
              "prediction",
              predicted === null ? "…" : nameTag(predicted, wide.get(predicted)),
              predicted !== null && label !== null ? verdict(predicted === label) : null,
            ),
        ].filter((row) => row !== false),
      );
      facts.hidden = !facts.childElementCount;
      const blank = { label: "\u00a0", probability: 0 };
      const shown = pending ? Array.from({ length: rows }, () => blank) : top;
      bars.replaceChildren(
        ...shown.map(({ label: name, probability }) =>
          h(
            "li",
            { "data-label": name === label, "data-class": pending ? null : name },
            nameTag(name, narrow.get(name), { class: "iv-sample-class" }),
            h(
              "span",
              { class: "iv-sample-bar" },
              h("span", { style: `width: ${(100 * Math.min(1, Math.max(0, probability))).toFixed(2)}%` }),
            ),
            h("span", { class: "iv-sample-share" }, pending ? "" : percent(probability)),
          ),
        ),
      );
      bars.hidden = !shown.length;
      reason.textContent = notClassifier;
      reason.hidden = !notClassifier;
    },
  };
}
