// A side column as a drop-down, where there is no room to have it beside the view.
import { h, setText } from "../ui/dom";
import { DOWN, icon } from "../ui/icons";

export interface DropDown {
  readonly button: HTMLButtonElement;
  /** What is chosen in it now. */
  say(text: string): void;
  close(): void;
  destroy(): void;
}

export function dropDown(name: string, root: HTMLElement, column: HTMLElement): DropDown {
  const chosen = h("span", { class: "iv-drop-chosen" });
  const button = h(
    "button",
    {
      type: "button",
      class: "iv-button iv-drop-button",
      "aria-expanded": "false",
      "aria-haspopup": "dialog",
      "data-testid": "layers-button",
    },
    h("span", { class: "iv-muted" }, name),
    chosen,
    icon(DOWN),
  );
  const set = (open: boolean): void => {
    root.toggleAttribute("data-dropped", open);
    button.setAttribute("aria-expanded", String(open));
  };
  const isOpen = (): boolean => root.hasAttribute("data-dropped");
  button.addEventListener("click", () => {
    set(!isOpen());
    if (isOpen()) column.querySelector<HTMLElement>("input, [tabindex='0']")?.focus();
  });
  column.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isOpen() || event.defaultPrevented) return;
    event.preventDefault();
    event.stopPropagation();
    set(false);
    button.focus();
  });
  const elsewhere = (event: Event): void => {
    const path = event.composedPath();
    if (isOpen() && !path.includes(column) && !path.includes(button)) set(false);
  };
  document.addEventListener("pointerdown", elsewhere, true);
  return {
    button,
    say(text) {
      setText(chosen, text);
      button.title = `${name}: ${text}`;
    },
    close: () => set(false),
    destroy: () => document.removeEventListener("pointerdown", elsewhere, true),
  };
}
