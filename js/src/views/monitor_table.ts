// A training run as it goes: its state and controls, what is wrong with it, and a row for each layer.
import type { Create, ErrorFrame, MonitorFrame, ViewFrame } from "../frames";
import { findings } from "../monitor/findings";
import { header } from "../monitor/header";
import { clicked, rows } from "../monitor/rows";
import { choice } from "../ui/choice";
import { h } from "../ui/dom";
import { errorBanner } from "../ui/error";

export const create: Create = (element, callbacks) => {
  let frame: MonitorFrame | undefined;

  const errors = errorBanner();
  const run = header((key, value) => callbacks.want(key, value));
  // As text: the choice compares what it is given.
  const chosen = choice<string>(() => mark());
  const layers = (): string[] => JSON.parse(chosen.shown ?? "[]");

  const mark = (): void => table.mark(layers(), frame?.header.colours ?? []);
  const choose = (next: string[]): void => {
    if (!chosen.ask(JSON.stringify(next))) return;
    callbacks.want("layers", next);
    mark();
  };
  const table = rows((layer, event) => {
    if (!frame) return;
    const { rows: all, choosable: most } = frame.header;
    const names = all.map((row) => row.name);
    const known = layers().filter((name) => names.includes(name));
    choose(clicked(known, layer, names, { toggle: event.ctrlKey || event.metaKey, range: event.shiftKey, most }));
  });
  const judgement = findings((layer) => choose([layer]));
  const empty = h(
    "div",
    { class: "iv-empty", "data-testid": "monitor-empty" },
    "The layers are shown here once a step was recorded.",
  );
  const root = h(
    "div",
    { class: "iv-monitor", "data-testid": "monitor-table" },
    errors.element,
    run.element,
    judgement.element,
    empty,
    table.element,
  );
  table.element.hidden = true;
  element.append(root);

  return {
    update(next: ViewFrame) {
      if (next.header.kind === "monitor") {
        frame = next as MonitorFrame;
        const { rows: all, chosen: said } = frame.header;
        run.show(frame.header, frame.arrays.values.data);
        judgement.show(frame.header.findings, frame.header.few);
        empty.hidden = all.length > 0;
        table.element.hidden = !all.length;
        table.show(frame);
        chosen.hear(JSON.stringify(said));
        mark();
        element.dataset.step = String(frame.header.step);
      } else if (next.header.kind === "error") {
        errors.show(next as ErrorFrame);
        if ((next as ErrorFrame).header.over) return;
        run.settle();
        chosen.release();
      }
    },
    destroy() {
      chosen.destroy();
      root.remove();
      delete element.dataset.step;
    },
  };
};
