// Work for a view: a line at its top while an answer is awaited, and, where it takes longer than a moment, a note where
// the result will be: what is done, how far it is, how long it still takes, and a way to stop it.
import type { BusyFrame } from "../frames";
import { h, setText } from "./dom";
import { duration, percent } from "./format";
import { timeLeft } from "./time_left";

// Most answers come sooner; a line that flashes at each click would only disturb.
const PATIENCE_MS = 150;

export interface Work {
  /** Drawn over the top edge of the view. */
  readonly line: HTMLElement;
  readonly note: HTMLElement;
  readonly running: boolean;
  /** Follow the work that a frame tells of. */
  show(frame: BusyFrame): void;
  /** The view has asked for something: show the line if nothing is heard within a moment. */
  expect(): void;
  /** The answer is here. */
  answered(): void;
  /** Something is still missing: where nothing runs that will bring it, it can be asked for again. */
  unfinished(missing: boolean): void;
  destroy(): void;
}

export function workOf(events: { stop(scope: string): void; again?(): void }): Work {
  const work = new Map<string, BusyFrame["header"]>();
  const left = timeLeft();
  let missing = false;
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const line = h(
    "div",
    { class: "iv-busy", role: "progressbar", "aria-label": "Working", "data-testid": "busy" },
    h("div", { class: "iv-busy-fill" }),
  );
  const words = h("span", { class: "iv-muted", role: "status" });
  const fill = h("span", null);
  const bar = h("span", { class: "iv-work-bar", role: "progressbar", "aria-label": "Progress" }, fill);
  const button = (id: string, text: string, act: () => void): HTMLButtonElement =>
    h("button", { type: "button", class: "iv-button", "data-testid": id, onclick: act }, text);
  const latest = (): BusyFrame["header"] | undefined => [...work.values()].at(-1);
  const stop = button("stop", "Cancel", () => {
    stopped = true;
    events.stop(latest()?.scope ?? "");
  });
  const again = button("again", "Go on", () => {
    stopped = false;
    events.again?.();
  });
  const note = h("div", { class: "iv-work", "data-testid": "work" }, words, bar, stop, again);
  line.hidden = note.hidden = true;

  const draw = (): void => {
    const now = latest();
    const waits = !now && missing && stopped && events.again !== undefined;
    note.hidden = !now && !waits;
    stop.hidden = bar.hidden = !now;
    again.hidden = !waits;
    if (waits) setText(words, "Stopped.");
    if (!now) return;
    const { label, fraction } = now;
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
  const answered = (): void => {
    clearTimeout(timer);
    timer = undefined;
    line.hidden = true;
  };

  return {
    line,
    note,
    answered,
    get running() {
      return work.size > 0;
    },
    show({ header }) {
      work.delete(header.scope);
      if (!header.over) {
        work.set(header.scope, header);
        stopped = false;
        answered(); // the note says it better
      }
      draw();
    },
    expect() {
      timer ??= setTimeout(() => {
        line.hidden = false;
      }, PATIENCE_MS);
    },
    unfinished(now) {
      missing = now;
      draw();
    },
    destroy: () => clearTimeout(timer),
  };
}
