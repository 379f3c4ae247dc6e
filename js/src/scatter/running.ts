// Starting a computation, watching it, pausing and stopping it.
import type { EmbeddingFrame, Method, PointsFrame } from "../frames";
import { h, setText } from "../ui/dom";
import { icon } from "../ui/icons";
import { PAUSE, PLAY, STOP } from "./glyphs";
import { methodName } from "./settings";

/** An estimate in words: "about 6 s". */
export function estimateText(seconds: number | undefined): string {
  if (seconds === undefined || !Number.isFinite(seconds)) return "";
  if (seconds < 1) return "under 1 s";
  if (seconds < 90) return `about ${Math.round(seconds)} s`;
  if (seconds < 5400) return `about ${Math.round(seconds / 60)} min`;
  return `about ${Math.round(seconds / 3600)} h`;
}

export interface Running {
  readonly element: HTMLElement;
  /** `method` is what the settings show, which may be ahead of the frame. */
  show(header: EmbeddingFrame["header"], method: Method): void;
  progress(header: PointsFrame["header"]): void;
}

export function running(events: { run(): void; pause(on: boolean): void; stop(): void }): Running {
  let paused = false;
  const estimate = h("span", { class: "iv-muted", "data-testid": "estimate" });
  const of = h("span", { class: "iv-scatter-of" });
  const run = h(
    "button",
    { type: "button", class: "iv-button iv-scatter-run", "data-testid": "run", onclick: () => events.run() },
    "Run",
    of,
  );
  const fill = h("div", { class: "iv-busy-fill" });
  const bar = h("div", { class: "iv-scatter-bar", role: "progressbar", "aria-label": "Embedding" }, fill);
  const stage = h("span", { class: "iv-muted iv-scatter-stage", "data-testid": "stage" });
  const pause = h("button", {
    type: "button",
    class: "iv-button",
    "data-testid": "pause",
    onclick: () => {
      paused = !paused;
      draw();
      events.pause(paused);
    },
  });
  const stop = h(
    "button",
    {
      type: "button",
      class: "iv-button",
      title: "Stop: keep the points where they are",
      "aria-label": "Stop",
      "data-testid": "stop",
      onclick: () => events.stop(),
    },
    icon(STOP),
  );
  const idle = h("div", { class: "iv-scatter-idle" }, estimate, run);
  const busy = h("div", { class: "iv-scatter-busy", "data-testid": "progress" }, stage, bar, pause, stop);
  busy.hidden = true;
  const element = h("div", { class: "iv-scatter-running" }, idle, busy);

  const draw = (): void => {
    const name = paused ? "Resume" : "Pause";
    pause.title = name;
    pause.setAttribute("aria-label", name);
    pause.replaceChildren(icon(paused ? PLAY : PAUSE));
    element.toggleAttribute("data-paused", paused);
  };
  draw();

  return {
    element,
    show(header, method) {
      if (paused !== header.paused) {
        paused = header.paused;
        draw();
      }
      busy.hidden = !header.running;
      idle.hidden = header.running || method === "pca";
      run.disabled = header.layer === null;
      setText(of, ` ${methodName(method)}`);
      const time = estimateText(header.estimate[method]);
      setText(estimate, time);
      run.title = `Compute ${methodName(method)}${time && `: ${time}`}`;
      if (header.running) return;
      setText(stage, "");
      fill.style.width = "0";
    },
    progress({ stage: text, fraction }) {
      setText(stage, text);
      busy.title = text;
      fill.style.width = `${Math.round(100 * (fraction ?? 0))}%`;
      if (fraction === null) bar.removeAttribute("aria-valuenow");
      else bar.setAttribute("aria-valuenow", String(Math.round(100 * fraction)));
    },
  };
}
