// The steps of a training under the points: choose one, or play them in turn.
import { choice } from "../ui/choice";
import { h, setText } from "../ui/dom";
import { icon } from "../ui/icons";
import { PAUSE, PLAY } from "./glyphs";

export interface Timeline {
  readonly element: HTMLElement;
  /** What the kernel says: the labels of all steps, oldest first, and the one looked at. */
  show(steps: readonly string[], step: string): void;
  /** The points of a step stand in their final places. */
  arrived(step: string): void;
  /** The kernel refused, or somebody chose something else: play no further. */
  stop(): void;
  destroy(): void;
}

export interface TimelineEvents {
  /** Show a step by what is known of it. */
  step(label: string): void;
  /** Show a step as it plays: by the method chosen, however long that takes. */
  visit(label: string): void;
}

const LOOK_MS = 700; // after the points have arrived

export function timeline(events: TimelineEvents): Timeline {
  let steps: readonly string[] = [];
  let playing = false;
  let waiting: string | undefined; // the step that was asked for and has not arrived
  let timer: ReturnType<typeof setTimeout> | undefined;
  const chosen = choice<string>(() => draw());

  const slider = h("input", {
    type: "range",
    class: "iv-range",
    min: 0,
    step: 1,
    "aria-label": "Step of the training",
    "data-testid": "step",
    "data-lm-suppress-shortcuts": "true",
  });
  const label = h("span", { class: "iv-scatter-step", "data-testid": "step-label" });
  const of = h("span", { class: "iv-muted", "data-testid": "step-count" });
  const play = h("button", { type: "button", class: "iv-button", "data-testid": "play", onclick: () => toggle() });
  const element = h("div", { class: "iv-scatter-timeline", "data-testid": "timeline" }, play, slider, label, of);
  element.hidden = true;

  const at = (): number => Math.max(0, steps.indexOf(chosen.shown ?? ""));
  const draw = (): void => {
    element.hidden = steps.length < 2;
    slider.max = String(steps.length - 1);
    slider.value = String(at());
    const name = steps[at()] ?? "";
    slider.setAttribute("aria-valuetext", name);
    setText(label, name);
    label.title = name;
    setText(of, `${at() + 1} of ${steps.length}`);
    const what = playing ? "Pause" : "Play: one step after the other, each computed by the method chosen";
    play.title = what;
    play.setAttribute("aria-label", playing ? "Pause" : "Play");
    if (play.dataset.playing === String(playing)) return; // a button keeps its icon under the pointer
    play.dataset.playing = String(playing);
    play.replaceChildren(icon(playing ? PAUSE : PLAY));
  };
  const stop = (): void => {
    clearTimeout(timer);
    waiting = undefined;
    playing = false;
    draw();
  };
  const visit = (index: number): void => {
    const next = steps[index];
    if (next === undefined) {
      stop();
      return;
    }
    waiting = next;
    chosen.ask(next);
    draw();
    events.visit(next);
  };
  const toggle = (): void => {
    playing = !playing;
    if (playing) visit(at() === steps.length - 1 ? 0 : at());
    else stop();
  };
  slider.addEventListener("input", () => {
    const next = steps[Number(slider.value)];
    stop();
    if (next === undefined || !chosen.ask(next)) return;
    draw();
    events.step(next);
  });
  draw();

  return {
    element,
    show(next, step) {
      steps = next;
      chosen.hear(step);
      draw();
    },
    arrived(step) {
      if (step !== waiting) return;
      waiting = undefined;
      timer = setTimeout(() => visit(at() + 1), LOOK_MS);
    },
    stop() {
      chosen.release();
      stop();
    },
    destroy() {
      clearTimeout(timer);
      chosen.destroy();
    },
  };
}
