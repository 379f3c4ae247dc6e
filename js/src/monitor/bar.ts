// The line between the table and the charts: a channel to be typed, the weights, the whole run; and what is wrong.
import { choice } from "../ui/choice";
import { h, setText } from "../ui/dom";
import type { Run } from "./run";

export interface Bar {
  readonly element: HTMLElement;
  show(run: Run): void;
  /** An interval of the steps is looked at, or all of them. */
  zoomed(some: boolean): void;
  release(): void;
  destroy(): void;
}

export function bar(events: { channel(channel: number | null): void; weights(): void; whole(): void }): Bar {
  const chosen = choice<number | null>(() => write());
  const field = h("input", {
    type: "text",
    inputmode: "numeric",
    class: "iv-input iv-monitor-channel",
    placeholder: "number",
    title: "Draw the range of this channel of the first chosen layer",
    "data-testid": "channel",
    "data-lm-suppress-shortcuts": "true",
  });
  const write = (): void => {
    field.value = chosen.shown === null || chosen.shown === undefined ? "" : String(chosen.shown);
  };
  const wrong = h("p", { class: "iv-monitor-wrong", role: "alert", "data-testid": "channel-error" });
  let typed = "";
  let missing = "";
  const tell = (): void => {
    setText(wrong, typed || missing);
    wrong.hidden = !wrong.textContent;
  };
  field.addEventListener("change", () => {
    const text = field.value.trim();
    typed = text && !/^\d+$/.test(text) ? `“${text}” is not a channel: give a number from 0, or nothing` : "";
    tell();
    if (typed) return;
    const next = text ? Number(text) : null;
    if (chosen.ask(next)) events.channel(next);
  });
  const weights = h(
    "button",
    {
      type: "button",
      class: "iv-button",
      title: "The first chosen layer's weights of this moment",
      "data-testid": "weights-now",
      onclick: () => events.weights(),
    },
    "Weights now",
  );
  const whole = h(
    "button",
    {
      type: "button",
      class: "iv-button",
      title: "Show all steps",
      "data-testid": "whole-run",
      onclick: () => events.whole(),
    },
    "Whole run",
  );
  whole.hidden = true;
  const hint = h("span", { class: "iv-muted" });
  tell();

  return {
    element: h(
      "div",
      { class: "iv-monitor-bar" },
      h("label", { class: "iv-control" }, h("span", { class: "iv-name" }, "Channel"), field),
      weights,
      whole,
      hint,
      wrong,
    ),
    show({ said }) {
      if (chosen.hear(said.chosen.channel) && document.activeElement !== field) write();
      weights.hidden = !said.can.weights;
      missing = said.chosen.missing;
      tell();
      setText(
        hint,
        `Drag across a chart to zoom into its steps; a double click shows the whole run${
          said.can.compared ? " · dashed: the run compared with" : ""
        }`,
      );
    },
    zoomed(some) {
      whole.hidden = !some;
    },
    release: () => chosen.release(),
    destroy: () => chosen.destroy(),
  };
}
