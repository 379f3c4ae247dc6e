// How good the representations are: distances within and between classes, neighbours, a row for each layer and space.
import { controls } from "../quality/controls";
import { tableText } from "../quality/order";
import { table } from "../quality/table";
import { choice } from "../ui/choice";
import { copyButton } from "../ui/copy_button";
import { h, setText } from "../ui/dom";
import { errorBanner } from "../ui/error";
import { counted } from "../ui/format";
import { workOf } from "../ui/work";
import type { Create } from "../view";

export const create: Create<"quality_table"> = (element, callbacks) => {
  let latex = "";
  let measured = 0;

  const errors = errorBanner();
  const work = workOf({ stop: (scope) => callbacks.want("stop", scope) });
  const chosen = choice<string | null>(() => rows.mark(chosen.shown ?? null));
  const rows = table((layer) => {
    if (!chosen.ask(layer)) return;
    callbacks.want("layer", layer);
    rows.mark(layer);
  });
  const panel = controls((request) => {
    callbacks.want("measure", request);
    work.expect();
  });
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
  const known = h("p", { class: "iv-quality-known iv-muted", "data-testid": "quality-known" });
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
    work.note,
    known,
    h("div", { class: "iv-quality-copies" }, ...copies.map((one) => one.element)),
  );
  const root = h(
    "div",
    { class: "iv-quality", "data-testid": "quality-table" },
    work.line,
    errors.element,
    panel,
    line,
    noLabels,
    empty,
    rows.element,
  );
  rows.element.hidden = true;
  element.append(root);

  const tell = (): void => {
    for (const { element: button } of copies) button.disabled = !measured;
    setText(known, measured ? counted(measured, "row") : "");
    known.hidden = work.running;
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
        work.answered();
        tell();
      },
      selected({ header }) {
        if (chosen.hear(header.layer)) rows.mark(chosen.shown ?? null);
      },
      busy(frame) {
        work.show(frame);
        tell();
      },
      error(frame) {
        errors.show(frame);
        if (frame.header.over) return;
        work.answered();
        chosen.release();
        tell();
      },
    },
    destroy() {
      work.destroy();
      chosen.destroy();
      for (const one of copies) one.destroy();
      root.remove();
      delete element.dataset.painted;
    },
  };
};
