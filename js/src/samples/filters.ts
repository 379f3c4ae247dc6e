// Which samples the thumbnails show: of one class, only those the model gets wrong, only those selected in another view.
import { check, choice } from "../ui/controls";
import { h, setText } from "../ui/dom";
import { count } from "../ui/format";
import { shortened } from "../ui/names";
import { type Page, progressText } from "./selection";

export interface Filters {
  readonly element: HTMLElement;
  show(page: Page): void;
  /** Say why there can be no misclassified samples; "" when there can. */
  explain(reason: string): void;
}

const ALL = "all";

// Letters of a class's name in the list.
const NAME = 40;

interface Events {
  label(label: string | null): void;
  misclassified(on: boolean): void;
  selected(on: boolean): void;
}

export function filters(events: Events): Filters {
  let classes: string[] = [];
  // By number, not by name: a class may have any name, that of "all" included.
  const select = choice<string>("Class", "class-filter", [[ALL, "All"]], (value) =>
    events.label(value === ALL ? null : (classes[Number(value)] ?? null)),
  );
  const wrong = check("Misclassified only", "misclassified", events.misclassified);
  const brushed = check("", "selected-only", events.selected);
  const fill = h("span", null);
  const text = h("span", null);
  const progress = h(
    "div",
    { class: "iv-sample-progress iv-muted", "data-testid": "filter-progress" },
    text,
    h("span", { class: "iv-sample-bar" }, fill),
  );
  const none = h("p", { class: "iv-muted", "data-testid": "no-labels" }, "The data has no labels to filter by.");
  const element = h(
    "div",
    { class: "iv-sample-filters" },
    select.element,
    wrong.element,
    brushed.element,
    progress,
    none,
  );
  for (const part of [select.element, wrong.element, brushed.element, progress, none]) part.hidden = true;

  return {
    element,
    show(page) {
      const labelled = page.classes.length > 0;
      classes = page.classes;
      select.element.hidden = wrong.element.hidden = !labelled;
      none.hidden = labelled;
      const short = shortened(classes, NAME);
      select.options([
        [ALL, "All"],
        ...classes.map((name, i): [string, string, string] => [String(i), short[i]!, name]),
      ]);
      const at = page.filter.label === null ? -1 : classes.indexOf(page.filter.label);
      select.set(at < 0 ? ALL : String(at));
      select.element.title = page.filter.label ?? "";
      wrong.set(page.filter.misclassified);
      brushed.element.hidden = page.selected === 0;
      brushed.set(page.filter.selected);
      brushed.name(`Only the ${count(page.selected)} selected`);
      const said = progressText(page);
      progress.hidden = !said;
      setText(text, said);
      fill.style.width = `${page.total ? (100 * page.predictedUpTo) / page.total : 0}%`;
    },
    explain: wrong.refuse,
  };
}
