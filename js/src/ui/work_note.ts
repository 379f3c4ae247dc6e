// Work under way where its result will be: what it is, how far it is, how long it still takes, and a way to stop it.
import type { BusyFrame } from "../frames";
import { h, setText } from "./dom";
import { duration, percent } from "./format";
import { timeLeft } from "./time_left";

export interface WorkNote {
  readonly element: HTMLElement;
  readonly running: boolean;
  show(frame: BusyFrame): void;
  /** Something is still missing: where nothing runs that will bring it, it can be asked for again. */
  unfinished(missing: boolean): void;
}

export function workNote(events: { stop(): void; again?(): void }): WorkNote {
  const work = new Map<string, BusyFrame["header"]>();
  const left = timeLeft();
  let missing = false;
  let stopped = false;

  const words = h("span", { class: "iv-muted", role: "status" });
  const fill = h("span", null);
  const bar = h("span", { class: "iv-work-bar", role: "progressbar", "aria-label": "Progress" }, fill);
  const button = (id: string, text: string, act: () => void): HTMLButtonElement =>
    h("button", { type: "button", class: "iv-button", "data-testid": id, onclick: act }, text);
  const stop = button("stop", "Cancel", () => {
    stopped = true;
    events.stop();
  });
  const again = button("again", "Go on", () => {
    stopped = false;
    events.again?.();
  });
  const element = h("div", { class: "iv-work", "data-testid": "work" }, words, bar, stop, again);
  element.hidden = true;

  const draw = (): void => {
    const latest = [...work.values()].at(-1);
    const waits = !latest && missing && stopped && events.again !== undefined;
    element.hidden = !latest && !waits;
    stop.hidden = bar.hidden = !latest;
    again.hidden = !waits;
    if (waits) setText(words, "Stopped.");
    if (!latest) return;
    const { label, fraction } = latest;
    const seconds = left.seconds(label, fraction, performance.now());
    const parts = [
      label,
      fraction !== null && percent(fraction, 0),
      seconds !== null && `about ${duration(seconds)} left`,
    ];
    setText(words, parts.filter(Boolean).join(" · "));
    bar.toggleAttribute("data-unknown", fraction === null);
    if (fraction === null) bar.removeAttribute("aria-valuenow");
    else bar.setAttribute("aria-valuenow", String(Math.round(100 * fraction)));
    fill.style.width = fraction === null ? "" : `${(100 * fraction).toFixed(1)}%`;
  };

  return {
    element,
    get running() {
      return work.size > 0;
    },
    show({ header }) {
      work.delete(header.scope);
      if (!header.over) {
        work.set(header.scope, header);
        stopped = false;
      }
      draw();
    },
    unfinished(now) {
      missing = now;
      draw();
    },
  };
}
