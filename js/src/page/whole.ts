// A part of the page that can take the whole window, and goes back with Escape.
import { h } from "../ui/dom";
import { ENLARGE, icon } from "../ui/icons";

export interface Whole {
  readonly button: HTMLButtonElement;
  toggle(on?: boolean): void;
  destroy(): void;
}

export function whole(part: HTMLElement, changed: () => void): Whole {
  const button = h(
    "button",
    {
      type: "button",
      class: "iv-button iv-quiet",
      "aria-pressed": "false",
      title: "Whole window (F)",
      "aria-label": "Whole window",
      "data-testid": "whole-window",
      onclick: () => toggle(),
    },
    icon(ENLARGE),
  );
  let on = false;
  // A popover lies above everything, whatever clips or moves the notebook's cells.
  const toggle = (next = !on): void => {
    if (next === on) return;
    on = next;
    button.setAttribute("aria-pressed", String(on));
    button.title = on ? "Back to the page (Escape)" : "Whole window (F)";
    part.toggleAttribute("data-whole", on);
    if (on) {
      part.setAttribute("popover", "manual");
      part.showPopover();
    } else {
      part.hidePopover();
      part.removeAttribute("popover");
    }
    changed();
  };
  part.addEventListener("keydown", (event) => {
    // A view that has something of its own to close does that first.
    if (event.key === "Escape" && on && !event.defaultPrevented) {
      event.preventDefault();
      event.stopPropagation();
      toggle(false);
      button.focus();
    }
  });
  return { button, toggle, destroy: () => on && toggle(false) };
}
