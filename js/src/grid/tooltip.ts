// The note beside the pointer.
import { h } from "../ui/dom";

export interface Tooltip {
  readonly element: HTMLElement;
  /** Show lines of text, the first one as a title, beside the pointer and inside of `bounds`. */
  show(lines: readonly string[], event: MouseEvent, bounds: Element): void;
  hide(): void;
}

const AWAY = 14;

export function tooltip(): Tooltip {
  const element = h("div", { class: "iv-tooltip", role: "tooltip", "data-testid": "tooltip" });
  element.hidden = true;
  let text = "";
  return {
    element,
    hide: () => {
      element.hidden = true;
    },
    show(lines, event, bounds) {
      const now = lines.join("\n");
      if (now !== text) element.replaceChildren(...lines.map((line) => h("div", null, line)));
      text = now;
      element.hidden = false;
      const area = bounds.getBoundingClientRect();
      const [x, y] = [event.clientX - area.left, event.clientY - area.top];
      const { offsetWidth: width, offsetHeight: height } = element;
      // On the other side of the pointer where the view ends.
      const left = x + AWAY + width > area.width ? x - AWAY - width : x + AWAY;
      const top = y + AWAY + height > area.height ? y - AWAY - height : y + AWAY;
      element.style.left = `${Math.max(0, left)}px`;
      element.style.top = `${Math.max(0, top)}px`;
    },
  };
}
