// The filter by kind: a chip for each of the most frequent kinds, all of them in a menu.
import { h, uniqueId } from "../ui/dom";
import { count } from "../ui/format";

export interface KindFilter {
  readonly element: HTMLElement;
  /** Offer these kinds: name and how many rows of it, the most frequent first. */
  offer(kinds: readonly (readonly [string, number])[]): void;
  /** Show which are on. */
  set(on: ReadonlySet<string>): void;
  destroy(): void;
}

// More chips than fit on a wide screen help nobody; the menu has them all.
const CHIPS = 12;

export function kindFilter(changed: (on: ReadonlySet<string>) => void): KindFilter {
  let on: ReadonlySet<string> = new Set();
  let chips: [string, HTMLElement][] = [];
  let boxes: [string, HTMLInputElement][] = [];
  const menuId = uniqueId("kinds");

  const toggle = (kind: string): void => {
    const next = new Set(on);
    if (!next.delete(kind)) next.add(kind);
    changed(next);
  };

  const line = h("div", { class: "iv-kinds-line" });
  const more = h(
    "button",
    {
      type: "button",
      class: "iv-button iv-kind iv-kinds-more",
      "aria-haspopup": "true",
      "aria-expanded": "false",
      "aria-controls": menuId,
      "data-testid": "more-kinds",
      onclick: () => open(menu.hidden !== false),
    },
    "More",
  );
  const menu = h("div", {
    class: "iv-kinds-menu",
    id: menuId,
    role: "group",
    "aria-label": "Kinds of layers",
    "data-testid": "kinds-menu",
  });
  menu.hidden = true;
  const element = h(
    "div",
    { class: "iv-kinds", role: "group", "aria-label": "Show only these kinds", "data-testid": "kinds" },
    line,
    more,
    menu,
  );

  const open = (yes: boolean): void => {
    menu.hidden = !yes;
    more.setAttribute("aria-expanded", String(yes));
    if (yes) boxes[0]?.[1].focus();
  };
  const outside = (event: Event): void => {
    if (!menu.hidden && !element.contains(event.target as globalThis.Node)) open(false);
  };
  document.addEventListener("pointerdown", outside, true);
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || menu.hidden) return;
    event.stopPropagation();
    open(false);
    more.focus();
  });
  element.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && !element.contains(relatedTarget as globalThis.Node)) open(false);
  });

  // Chips that fall into a second line are cut off: they must not take the focus either. The menu still has them.
  const cutOff = (): void => {
    let hidden = boxes.length > chips.length;
    for (const [kind, chip] of chips) {
      const cut = chip.offsetTop > (chips[0]?.[1].offsetTop ?? 0);
      chip.style.visibility = cut ? "hidden" : "";
      hidden ||= cut;
      if (cut && on.has(kind)) more.setAttribute("data-on", "");
    }
    more.style.visibility = hidden ? "" : "hidden";
  };
  const set = (next: ReadonlySet<string>): void => {
    on = next;
    more.removeAttribute("data-on");
    for (const [kind, chip] of chips) chip.setAttribute("aria-pressed", String(on.has(kind)));
    for (const [kind, box] of boxes) box.checked = on.has(kind);
    if ([...on].some((kind) => !chips.some(([name]) => name === kind))) more.setAttribute("data-on", "");
    cutOff();
  };
  const observer = new ResizeObserver(() => set(on));
  observer.observe(line);

  return {
    element,
    set,
    offer(kinds) {
      chips = kinds.slice(0, CHIPS).map(([kind, n]) => [
        kind,
        h(
          "button",
          {
            type: "button",
            class: "iv-button iv-kind",
            "aria-pressed": "false",
            "data-kind": kind,
            title: `Show only ${kind}`,
            onclick: () => toggle(kind),
          },
          h("span", { class: "iv-kind-name" }, kind),
          h("span", { class: "iv-kind-count" }, count(n)),
        ),
      ]);
      boxes = kinds.map(([kind]) => [
        kind,
        h("input", {
          type: "checkbox",
          "data-kind": kind,
          "data-lm-suppress-shortcuts": "true",
          onchange: () => toggle(kind),
        }),
      ]);
      line.replaceChildren(...chips.map(([, chip]) => chip));
      menu.replaceChildren(
        ...kinds.map(([kind, n], i) =>
          h(
            "label",
            { title: kind },
            boxes[i]![1],
            h("span", { class: "iv-kind-name" }, kind),
            h("span", { class: "iv-kind-count" }, count(n)),
          ),
        ),
      );
      element.hidden = kinds.length < 2;
      set(on);
    },
    destroy() {
      observer.disconnect();
      document.removeEventListener("pointerdown", outside, true);
    },
  };
}
