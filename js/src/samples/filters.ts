// Which samples the thumbnails show: of one class, or only those the model gets wrong.
import { choice } from "../ui/controls";
import { h, setText } from "../ui/dom";
import { type Page, progressText } from "./selection";

export interface Filters {
  readonly element: HTMLElement;
  show(page: Page): void;
  /** Say why there can be no misclassified samples; "" when there can. */
  explain(reason: string): void;
}

const ALL = "all";

export function filters(events: { label(label: string | null): void; misclassified(on: boolean): void }): Filters {
  let classes: string[] = [];
  // By number, not by name: a class may have any name, that of "all" included.
  const select = choice<string>("Class", "class-filter", [[ALL, "All"]], (value) =>
    events.label(value === ALL ? null : (classes[Number(value)] ?? null)),
  );
  const box = h("input", { type: "checkbox", "data-testid": "misclassified", "data-lm-suppress-shortcuts": "true" });
  box.addEventListener("change", () => events.misclassified(box.checked));
  const wrong = h("label", { class: "iv-sample-check" }, box, h("span", null, "Misclassified only"));
  const fill = h("span", null);
  const text = h("span", null);
  const progress = h(
    "div",
    { class: "iv-sample-progress iv-muted", "data-testid": "filter-progress" },
    text,
    h("span", { class: "iv-sample-bar" }, fill),
  );
  const none = h("p", { class: "iv-muted", "data-testid": "no-labels" }, "The data has no labels to filter by.");
  const element = h("div", { class: "iv-sample-filters" }, select.element, wrong, progress, none);
  for (const part of [select.element, wrong, progress, none]) part.hidden = true;

  return {
    element,
    show(page) {
      const labelled = page.classes.length > 0;
      classes = page.classes;
      select.element.hidden = wrong.hidden = !labelled;
      none.hidden = labelled;
      select.options([[ALL, "All"], ...classes.map((name, i): [string, string] => [String(i), name])]);
      const at = page.filter.label === null ? -1 : classes.indexOf(page.filter.label);
      select.set(at < 0 ? ALL : String(at));
      box.checked = page.filter.misclassified;
      const said = progressText(page);
      progress.hidden = !said;
      setText(text, said);
      fill.style.width = `${page.total ? (100 * page.predictedUpTo) / page.total : 0}%`;
    },
    explain(reason) {
      box.disabled = reason !== "" && !box.checked;
      wrong.title = reason;
      wrong.toggleAttribute("data-disabled", box.disabled);
    },
  };
}
