// How good the representations are: distances within and between classes, neighbours, a row for each layer and space.
import type { BusyFrame } from "../frames";
import { controls } from "../quality/controls";
import { tableText } from "../quality/order";
import { table } from "../quality/table";
import { busyBar } from "../ui/busy";
import { choice } from "../ui/choice";
import { copyButton } from "../ui/copy_button";
import { h, setText } from "../ui/dom";
import { errorBanner } from "../ui/error";
import { counted, percent } from "../ui/format";
import type { Create } from "../view";

export const create: Create<"quality_table"> = (element, callbacks) => {
  let latex = "";
  let measured = 0;
  let asked = false;
  const work = new Map<string, BusyFrame["header"]>();

  const errors = errorBanner();
  const busy = busyBar();
  const chosen = choice<string | null>(() => rows.mark(chosen.shown ?? null));
  const rows = table((layer) => {
    if (!chosen.ask(layer)) return;
    callbacks.want("layer", layer);
    rows.mark(layer);
  });
  const panel = controls(
    (request) => {
      callbacks.want("measure", request);
      asked = true;
      busy.expect();
      tell();
    },
    () => {
      callbacks.want("stop", true);
      asked = false;
      tell();
    },
  );
  const refused = (): void => errors.say("copy", "The browser does not allow copying here.");
  const copies = [
    copyButton(
      "Copy LaTeX",
      { title: "Copy the table as LaTeX", "data-testid": "copy-latex" },
      () => latex,
      () => refused(),
    ),
    copyButton(
      "Copy as text",
      { title: "Copy the table as text, as it is sorted: paste it into a spreadsheet", "data-testid": "copy-text" },
      () => tableText(rows.shown.rows, rows.shown.columns),
      () => refused(),
    ),
  ];
  const progress = h("p", { class: "iv-quality-progress iv-muted", "data-testid": "quality-progress" });
  const noLabels = h("p", { class: "iv-quality-no-labels iv-muted", "data-testid": "quality-no-labels" });
  noLabels.hidden = true;
  const empty = h(
    "div",
    { class: "iv-empty", "data-testid": "quality-empty" },
    h("p", null, "Nothing is measured yet. Choose layers and spaces, then press Measure."),
  );
  const line = h(
    "div",
    { class: "iv-quality-line" },
    progress,
    h("div", { class: "iv-quality-copies" }, ...copies.map((one) => one.element)),
  );
  const root = h(
    "div",
    { class: "iv-quality", "data-testid": "quality-table" },
    busy.element,
    errors.element,
    panel.element,
    line,
    noLabels,
    empty,
    rows.element,
  );
  rows.element.hidden = true;
  element.append(root);

  const tell = (): void => {
    const latest = [...work.values()].at(-1);
    panel.running(asked || latest !== undefined);
    for (const { element: button } of copies) button.disabled = !measured;
    const idle = measured ? counted(measured, "row") : "";
    const share = latest?.fraction == null ? "" : ` · ${percent(latest.fraction, 0)}`;
    setText(progress, latest ? `${latest.label}${share}` : idle);
  };
  const answered = (): void => {
    asked = false;
    busy.answered();
  };
  tell();

  return {
    takes: {
      quality({ header }) {
        latex = header.latex;
        measured = header.rows.length;
        empty.hidden = measured > 0;
        setText(noLabels, header.noLabels);
        noLabels.hidden = !header.noLabels;
        rows.show(header);
        element.dataset.painted = String(measured);
        answered();
        tell();
      },
      selected({ header: { layer } }) {
        if (chosen.hear(layer)) rows.mark(chosen.shown ?? null);
      },
      busy(frame) {
        const { header } = frame;
        work.delete(header.scope);
        if (!header.over) work.set(header.scope, header);
        asked = false;
        busy.show(frame);
        tell();
      },
      error(frame) {
        errors.show(frame);
        if (frame.header.over) return;
        answered();
        chosen.release();
        tell();
      },
    },
    destroy() {
      busy.destroy();
      chosen.destroy();
      for (const one of copies) one.destroy();
      root.remove();
      delete element.dataset.painted;
    },
  };
};
