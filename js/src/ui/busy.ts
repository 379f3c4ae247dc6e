// The thin progress bar at the top of a view.
import type { BusyFrame } from "../frames";
import { h } from "./dom";

// Most answers come sooner; a bar that flashes at each click would only disturb.
const PATIENCE_MS = 150;

export interface BusyBar {
  readonly element: HTMLElement;
  /** Follow the work that a frame tells of. */
  show(frame: BusyFrame): void;
  /** The view has asked for something: show the bar if no answer comes within a moment. */
  expect(): void;
  /** The answer is here. */
  answered(): void;
  destroy(): void;
}

export function busyBar(): BusyBar {
  const fill = h("div", { class: "iv-busy-fill" });
  const element = h(
    "div",
    { class: "iv-busy", role: "progressbar", "aria-label": "Working", "data-testid": "busy" },
    fill,
  );
  element.hidden = true;
  const work = new Map<string, BusyFrame["header"]>();
  let waiting = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const draw = (): void => {
    const latest = [...work.values()].at(-1);
    element.hidden = !latest && !waiting;
    element.title = latest?.label ?? "";
    element.setAttribute("aria-label", latest?.label || "Working");
    const known = latest?.fraction ?? null;
    element.toggleAttribute("data-unknown", known === null);
    fill.style.width = known === null ? "" : `${Math.round(100 * known)}%`;
    if (known === null) element.removeAttribute("aria-valuenow");
    else element.setAttribute("aria-valuenow", String(Math.round(100 * known)));
  };
  const answered = (): void => {
    clearTimeout(timer);
    timer = undefined;
    waiting = false;
    draw();
  };

  return {
    element,
    answered,
    show({ header }) {
      work.delete(header.scope);
      if (!header.over) work.set(header.scope, header);
      draw();
    },
    expect() {
      timer ??= setTimeout(() => {
        waiting = true;
        draw();
      }, PATIENCE_MS);
    },
    destroy: () => clearTimeout(timer),
  };
}
