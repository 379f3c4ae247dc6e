// A training run as it goes: its state and controls, what is wrong with it, a row for each layer, and charts.
import { bar } from "../monitor/bar";
import { charts } from "../monitor/charts";
import { COLOURS } from "../monitor/drawn";
import { findings } from "../monitor/findings";
import { header } from "../monitor/header";
import { clicked, rows } from "../monitor/rows";
import { after, type Run } from "../monitor/run";
import { choice } from "../ui/choice";
import { h } from "../ui/dom";
import { errorBanner } from "../ui/error";
import { count } from "../ui/format";
import type { CreatePage, Mounted } from "../view";

export const create: CreatePage<"monitor_view"> = (element, { want, mount }) => {
  let run: Run | undefined;
  let weights: Mounted | undefined;
  let seen = true;
  let late = false; // something came while nobody could see it

  const errors = errorBanner();
  const top = header(want);
  // As text: the choice compares what it is given.
  const chosen = choice<string>(() => mark());
  const layers = (): string[] => JSON.parse(chosen.shown ?? "[]");
  const between = choice<string>(() => zoom());
  const zoom = (): void => {
    const shown = JSON.parse(between.shown ?? "null");
    drawn.zoom(shown);
    tools.zoomed(shown !== null);
  };

  const mark = (): void => table.mark(layers(), COLOURS);
  const choose = (next: string[]): void => {
    if (!chosen.ask(JSON.stringify(next))) return;
    want("layers", next);
    mark();
  };
  const table = rows((layer, event) => {
    if (!run) return;
    const names = run.said.rows.map(([name]) => name);
    const known = layers().filter((name) => names.includes(name));
    const most = run.said.can.layers;
    choose(clicked(known, layer, names, { toggle: event.ctrlKey || event.metaKey, range: event.shiftKey, most }));
  });
  const judgement = findings((layer) => choose([layer]));
  const look = (interval: readonly [number, number] | null): void => {
    if (between.ask(JSON.stringify(interval))) want("zoom", interval);
    tools.zoomed(interval !== null);
  };
  const drawn = charts(look);
  const tools = bar({
    channel: (channel) => want("channel", channel),
    weights: () => want("weights", true),
    whole() {
      drawn.zoom(null);
      look(null);
    },
  });
  const empty = h(
    "div",
    { class: "iv-empty", "data-testid": "monitor-empty" },
    "The layers are shown here once a step was recorded.",
  );
  const told = h("ul", { class: "iv-monitor-told", "data-testid": "told" });
  const place = h("div", { class: "iv-monitor-weights", "data-testid": "weights" });
  place.hidden = true;
  const root = h(
    "div",
    { class: "iv-monitor", "data-testid": "monitor-view" },
    errors.element,
    top.element,
    judgement.element,
    empty,
    table.element,
    tools.element,
    drawn.element,
    told,
    place,
  );
  table.element.hidden = tools.element.hidden = drawn.element.hidden = true;
  element.append(root);

  const draw = (): void => {
    late = !seen;
    if (!run || late) return;
    const { said } = run;
    top.show(run.now, run.arrays.values.data);
    judgement.show(said.findings, run.now.few);
    const some = said.rows.length > 0;
    empty.hidden = some;
    table.element.hidden = tools.element.hidden = drawn.element.hidden = !some;
    if (some) {
      table.show(run);
      tools.show(run);
      drawn.show(run);
    }
    told.replaceChildren(...said.told.map(([step, text]) => h("li", null, `step ${count(step)}: ${text}`)));
    chosen.hear(JSON.stringify(said.chosen.layers));
    mark();
    if (between.hear(JSON.stringify(said.chosen.between))) zoom();
    place.hidden = !said.weights;
    if (said.weights) weights ??= mount("weights", place);
    element.dataset.step = String(run.now.step);
  };
  // What is scrolled away is drawn when it comes back.
  const observer = new IntersectionObserver((entries) => {
    seen = entries.at(-1)?.isIntersecting ?? true;
    if (seen && late) draw();
  });
  observer.observe(root);

  return {
    takes: {
      monitor(frame) {
        run = after(run, frame);
        draw();
      },
      error(frame) {
        errors.show(frame);
        if (frame.header.over) return;
        top.settle();
        chosen.release();
        tools.release();
      },
    },
    destroy() {
      observer.disconnect();
      chosen.destroy();
      between.destroy();
      tools.destroy();
      drawn.destroy();
      weights?.destroy();
      root.remove();
      delete element.dataset.step;
    },
  };
};
