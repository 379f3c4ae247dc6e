// The small menu of a chart.
import { h, svg, uniqueId } from "../ui/dom";

export interface Item {
  readonly name: string;
  readonly testid: string;
  /** Whether it is on, for one that stays on. */
  readonly checked?: () => boolean;
  run(): void;
}

export interface Menu {
  readonly element: HTMLElement;
  destroy(): void;
}

export function menu(label: string, items: readonly Item[]): Menu {
  const id = uniqueId("chart-menu");
  const dots = svg(
    "svg",
    { class: "iv-icon", viewBox: "0 0 16 16", "aria-hidden": "true" },
    svg("path", { d: "M3.5 8h.01M8 8h.01M12.5 8h.01", "stroke-width": 2 }),
  );
  const button = h(
    "button",
    {
      type: "button",
      class: "iv-button iv-quiet",
      title: label,
      "aria-label": label,
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "aria-controls": id,
      "data-testid": "chart-menu",
    },
    dots,
  );
  const buttons = items.map((item) =>
    h(
      "button",
      {
        type: "button",
        class: "iv-chart-menu-item",
        role: item.checked ? "menuitemcheckbox" : "menuitem",
        tabindex: -1,
        "data-testid": item.testid,
        onclick() {
          close(true);
          item.run();
        },
      },
      item.name,
    ),
  );
  const list = h("div", { class: "iv-chart-menu", id, role: "menu", "aria-label": label }, ...buttons);
  list.hidden = true;
  const element = h("div", { class: "iv-chart-menu-place", "data-lm-suppress-shortcuts": "true" }, button, list);

  const outside = (event: Event): void => {
    if (event.target instanceof Node && !element.contains(event.target)) close(false);
  };
  function close(back: boolean): void {
    if (list.hidden) return;
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    if (back) button.focus();
  }
  function open(): void {
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", outside, true);
    for (const [i, { checked }] of items.entries())
      if (checked) buttons[i]!.setAttribute("aria-checked", String(checked()));
    buttons[0]?.focus();
  }
  button.addEventListener("click", () => (list.hidden ? open() : close(true)));
  element.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const place = items.findIndex((_, i) => buttons[i] === document.activeElement);
    const to = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) buttons.at(to % buttons.length)?.focus();
    else if (event.key === "Escape") close(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  element.addEventListener("focusout", (event) => {
    if (event.relatedTarget instanceof Node && !element.contains(event.relatedTarget)) close(false);
  });
  return { element, destroy: () => close(false) };
}
