// The line above the table: step, metrics, what recording costs, and the controls of the run.
import type { MonitorFrame } from "../frames";
import { h, setText } from "../ui/dom";
import { count, number, percent } from "../ui/format";
import type { Callbacks } from "../view";

type Run = MonitorFrame["header"];

const BUDGETS = [0.005, 0.01, 0.02, 0.05, 0.1];
// What training loops call their metrics for short.
const METRICS = new Map([
  ["lr", "learning rate"],
  ["acc", "accuracy"],
]);
const STATES: Record<Run["state"], string> = {
  waiting: "waiting for the first step",
  training: "training",
  paused: "paused",
  ended: "ended",
};

export interface Header {
  readonly element: HTMLElement;
  show(run: Run, values: Float64Array): void;
  /** The kernel has refused, or answered, what was asked last. */
  settle(): void;
}

export function header(want: Callbacks<"monitor_view">["want"]): Header {
  let paused = false;
  let asked: boolean | null = null; // to pause, or to go on, until the kernel says so
  let listed = "";

  const step = h("strong", { "data-testid": "step" });
  const state = h("span", { class: "iv-run-state", "data-testid": "state", role: "status" });
  const metrics = h("dl", { class: "iv-run-metrics", "data-testid": "metrics" });
  const cost = h("span", { class: "iv-run-cost iv-muted", "data-testid": "overhead" });
  const budget = h("select", {
    class: "iv-select",
    "data-testid": "budget",
    "aria-label": "The most that recording may cost",
    "data-lm-suppress-shortcuts": "true",
  });
  budget.addEventListener("change", () => want("budget", budget.value === "Infinity" ? null : Number(budget.value)));
  const limit = h(
    "label",
    { class: "iv-control", title: "The most that recording may cost, as a share of the training time" },
    h("span", { class: "iv-name" }, "at most"),
    budget,
  );
  const pause = h("button", { type: "button", class: "iv-button", "data-testid": "pause" });
  pause.addEventListener("click", () => {
    asked = !(asked ?? paused);
    want("paused", asked);
    dressPause();
  });
  const undo = h("button", { type: "button", class: "iv-button", "data-testid": "undo" }, "Undo");
  undo.addEventListener("click", () => want("undo", true));
  const element = h(
    "div",
    { class: "iv-run", role: "group", "aria-label": "Training run" },
    h("div", { class: "iv-run-part" }, h("span", null, "Step ", step), state),
    metrics,
    h("div", { class: "iv-run-part iv-run-controls" }, cost, limit, pause, undo),
  );

  const dressPause = (): void => {
    const now = asked ?? paused;
    setText(pause, now ? "Resume" : "Pause");
    pause.title = now ? "Record again" : "Record no more for now; the training goes on";
    pause.toggleAttribute("data-asked", asked !== null && asked !== paused);
  };

  const showMetrics = (names: readonly string[], values: Float64Array): void => {
    if (names.join("\n") !== listed) {
      listed = names.join("\n");
      metrics.replaceChildren(
        ...names.map((name) =>
          h(
            "div",
            { "data-metric": name },
            h("dt", { class: "iv-muted", title: name }, METRICS.get(name) ?? name),
            h("dd", null),
          ),
        ),
      );
    }
    for (const [i, child] of [...metrics.children].entries()) {
      const value = values[i]!;
      setText(child.lastElementChild!, number(value));
      child.toggleAttribute("data-bad", !Number.isFinite(value));
    }
  };

  const showBudget = (budgeted: number | null): void => {
    // Without a limit every step is recorded: as a fraction of the time, any.
    const now = budgeted ?? Infinity;
    const all = [...new Set([...BUDGETS, now])].sort((a, b) => a - b);
    if (budget.options.length !== all.length || ![...budget.options].some((one) => Number(one.value) === now))
      budget.replaceChildren(
        ...all.map((one) =>
          h("option", { value: one }, Number.isFinite(one) ? `${Number((100 * one).toFixed(2))} %` : "any"),
        ),
      );
    // Under an open list or a choice of the user's the value stays.
    const root = budget.getRootNode() as Document | ShadowRoot;
    if (root.activeElement !== budget || budget.dataset.said !== String(now)) budget.value = String(now);
    budget.dataset.said = String(now);
  };

  return {
    element,
    show(run, values) {
      setText(step, count(run.step));
      setText(state, STATES[run.state]);
      state.dataset.state = run.state;
      showMetrics(run.metrics, values);
      const steps = `${count(run.recorded)} of ${count(run.step)} steps recorded`;
      const taken = run.overhead === null ? "" : `recording takes ${percent(run.overhead)} of the training time`;
      // Without a limit the figure is what was asked for, and not what it costs to watch a training run.
      const whole = run.recorded === run.step ? "every step is recorded" : steps;
      setText(cost, run.budget === null ? taken && whole : taken && `${steps}, ${taken}`);
      cost.title = taken;
      showBudget(run.budget);
      if (paused !== (run.state === "paused")) asked = null;
      paused = run.state === "paused";
      dressPause();
      const over = run.state === "ended" || !run.live;
      pause.hidden = over;
      limit.hidden = over;
      undo.hidden = !run.undo;
      undo.title = run.undo ? `Undo: ${run.undo}` : "";
    },
    settle() {
      asked = null;
      dressPause();
    },
  };
}
