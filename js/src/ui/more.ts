// "More": what is rarely changed, shown on demand.
import { h, uniqueId } from "./dom";

/**
 * The button that shows and hides a panel; Escape in either hides it again. The style decides where the panel is while it
 * has no `data-open`: mostly nowhere.
 */
export function more(panel: HTMLElement, id: string, title: string): HTMLButtonElement {
  panel.id = uniqueId("more");
  const open = (on: boolean): void => {
    panel.toggleAttribute("data-open", on);
    button.setAttribute("aria-expanded", String(on));
    button.setAttribute("aria-pressed", String(on));
  };
  const button = h(
    "button",
    {
      type: "button",
      class: "iv-button",
      "aria-controls": panel.id,
      "data-testid": id,
      title,
      onclick: () => open(!panel.hasAttribute("data-open")),
    },
    "More",
  );
  const close = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !panel.hasAttribute("data-open")) return;
    event.preventDefault();
    event.stopPropagation();
    open(false);
    button.focus();
  };
  for (const part of [button, panel]) part.addEventListener("keydown", close);
  open(false);
  return button;
}
