// What is wrong with the run, the worst first: layer, kind and evidence; what to try is folded.
import type { MonitorFinding } from "../frames";
import { h, setText } from "../ui/dom";
import { counted } from "../ui/format";
import { icon, WARNING } from "../ui/icons";

/** How bad a finding is, in words. */
const severityName = (severity: number): string =>
  severity >= 3
    ? "The run is lost unless something changes"
    : severity === 2
      ? "A part does not learn"
      : "Worth a look";

export interface Findings {
  readonly element: HTMLElement;
  /** Null: nothing was judged yet. Of `few` records that nothing is wrong cannot be said. */
  show(findings: readonly MonitorFinding[] | null, few: number | null): void;
}

interface Item {
  readonly element: HTMLElement;
  show(finding: MonitorFinding): void;
}

function makeItem(choose: (layer: string) => void): Item {
  const mark = h("span", { class: "iv-finding-mark", role: "img" }, icon(WARNING));
  const layer = h("button", { type: "button", class: "iv-finding-layer", onclick: () => choose(name) });
  const kind = h("span", { class: "iv-finding-kind" });
  const evidence = h("span", { class: "iv-finding-evidence" });
  const suggestion = h("p", null);
  const source = h("p", { class: "iv-muted" });
  let name = "";
  const element = h(
    "li",
    { class: "iv-finding", "data-testid": "finding" },
    mark,
    h(
      "div",
      null,
      h("p", null, layer, kind, evidence),
      h("details", null, h("summary", null, "What to try"), suggestion, source),
    ),
  );
  return {
    element,
    show(finding) {
      name = finding.layer;
      element.dataset.severity = String(finding.severity);
      element.dataset.kind = finding.kind;
      element.dataset.layer = name;
      mark.title = severityName(finding.severity);
      mark.setAttribute("aria-label", mark.title);
      layer.hidden = !name;
      layer.title = `Show layer ${name} in the charts`;
      setText(layer, `layer ${name}`);
      setText(kind, finding.name);
      setText(evidence, finding.evidence);
      setText(suggestion, finding.suggestion);
      setText(source, finding.source ? `Rule: ${finding.source}` : "");
      source.hidden = !finding.source;
    },
  };
}

export function findings(choose: (layer: string) => void): Findings {
  // By what it is about: evidence changes with each step, and a folded-out suggestion stays open.
  const items = new Map<string, Item>();
  const list = h("ul", { class: "iv-findings-list" });
  const title = h("p", { class: "iv-findings-title", role: "status", "data-testid": "findings-title" });
  return {
    element: h("div", { class: "iv-findings", "data-testid": "findings" }, title, list),
    show(found, few) {
      const all = found ?? [];
      const seen = new Set<string>();
      for (const [place, finding] of all.entries()) {
        const key = `${finding.kind}/${finding.layer}`;
        seen.add(key);
        let item = items.get(key);
        if (!item) {
          item = makeItem(choose);
          items.set(key, item);
        }
        item.show(finding);
        if (list.children[place] !== item.element) list.insertBefore(item.element, list.children[place] ?? null);
      }
      for (const [key, item] of items) {
        if (seen.has(key)) continue;
        item.element.remove();
        items.delete(key);
      }
      const fine = few === null ? "Nothing looks wrong" : `Too few records to judge: ${few} of each layer`;
      setText(title, all.length ? counted(all.length, "finding") : found ? fine : "");
      title.toggleAttribute("data-fine", !all.length);
    },
  };
}
