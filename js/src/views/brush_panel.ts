// What sets the selected samples apart from the rest: their classes, and the channels of the layer that differ most.
import { channelMeans } from "../brush/channels";
import { classCounts } from "../brush/classes";
import { csvText, headline, pythonText } from "../brush/selection";
import type { BrushedFrame, ContrastFrame, LabelsFrame } from "../frames";
import { choice } from "../ui/choice";
import { copyButton } from "../ui/copy_button";
import { h, setText } from "../ui/dom";
import { download } from "../ui/download";
import { errorBanner } from "../ui/error";
import { CLOSE, icon, SAVE } from "../ui/icons";
import { workOf } from "../ui/work";
import type { Create } from "../view";

export const create: Create<"brush_panel"> = (element, callbacks) => {
  let brushed: BrushedFrame | undefined;
  let contrast: ContrastFrame["header"] | undefined;
  let labels: LabelsFrame | undefined;

  const errors = errorBanner();
  const work = workOf({ stop: (scope) => callbacks.want("stop", scope) });
  const classes = classCounts();
  const channels = channelMeans({
    choose(channel) {
      current.ask(channel);
      channels.mark(channel);
      callbacks.want("channel", channel);
    },
    more(count) {
      callbacks.want("more", count);
      work.expect();
    },
  });

  const current = choice<number | null>(() => channels.mark(current.shown ?? null));

  const copy = copyButton(
    "Python",
    { title: "Copy a line of Python that selects these samples again", "data-testid": "brush-copy" },
    () => (brushed ? pythonText(brushed) : ""),
    () =>
      errors.say("copy", "The browser does not allow copying here. In Python, inspector.brush holds the selection."),
  );
  const save = h(
    "button",
    {
      type: "button",
      class: "iv-button",
      title: "Save the selected samples as a CSV file",
      "data-testid": "brush-csv",
      onclick: () =>
        brushed && download(new Blob([csvText(brushed, labels)], { type: "text/csv" }), "innerview-selection.csv"),
    },
    icon(SAVE),
    h("span", null, "CSV"),
  );
  const clear = h(
    "button",
    {
      type: "button",
      class: "iv-button",
      title: "Select nothing",
      "data-testid": "brush-clear",
      onclick: () => {
        callbacks.want("clear", true);
        expectCleared(true);
        work.expect();
      },
    },
    icon(CLOSE),
    h("span", null, "Clear"),
  );

  const selected = h("strong", null);
  const total = h("span", null);
  const counted = h("p", { class: "iv-brush-count", role: "status", "data-testid": "brush-count" }, selected, total);
  const note = h("p", { class: "iv-muted iv-brush-note", "data-testid": "brush-note" });
  const parts = h("div", { class: "iv-brush-parts" }, classes.element, work.note, channels.element);
  const shown = h(
    "div",
    { class: "iv-brush-shown" },
    h(
      "div",
      { class: "iv-brush-top" },
      counted,
      h("div", { class: "iv-brush-buttons" }, copy.element, save, clear),
      note,
    ),
    parts,
  );
  shown.hidden = true;
  const empty = h("div", { class: "iv-empty", "data-testid": "brush-empty" }, "Waiting for the selection…");
  const root = h("div", { class: "iv-brush", "data-testid": "brush-panel" }, work.line, errors.element, empty, shown);
  element.append(root);

  const expectCleared = (expected: boolean): void => {
    clear.disabled = expected;
    shown.toggleAttribute("data-leaving", expected);
  };

  const draw = (): void => {
    const count = brushed?.header.count ?? contrast?.selected ?? 0;
    empty.hidden = count > 0;
    shown.hidden = count === 0;
    if (!count) {
      empty.replaceChildren(
        h(
          "p",
          null,
          "No samples are selected. Draw a lasso around points in the embedding, or write ",
          h("code", null, "inspector.brush = [0, 1, 2]"),
          " in Python.",
        ),
      );
      return;
    }
    const [first, second] = headline(count, brushed?.header.total ?? contrast!.selected + contrast!.rest);
    setText(selected, first);
    setText(total, second);
    for (const button of [copy.element, save]) button.disabled = !brushed;
    setText(note, contrast?.note ?? "");
    note.title = contrast?.note ?? "";
    note.hidden = !contrast?.note;
    parts.hidden = !contrast?.selected;
  };

  const answered = (): void => {
    work.answered();
    expectCleared(false);
  };

  return {
    takes: {
      busy: work.show,
      labels(frame) {
        labels = frame;
      },
      current({ header: { channel } }) {
        if (current.hear(channel)) channels.mark(channel);
      },
      error(frame) {
        errors.show(frame);
        if (frame.header.over) return;
        channels.wait(false);
        current.release();
        answered();
      },
      brushed(frame) {
        brushed = frame;
        answered();
        draw();
      },
      contrast({ header }) {
        contrast = header;
        classes.show(header);
        // The classes come first, the channels when the layer has been computed; the last ones stay until then.
        const coming = header.selected > 0 && header.layer !== null && !header.channels.length && !header.note;
        channels.wait(coming);
        if (!coming) channels.show(header);
        element.dataset.painted = `${header.layer ?? ""}/${header.selected}`;
        answered();
        draw();
      },
    },
    destroy() {
      work.destroy();
      copy.destroy();
      current.destroy();
      root.remove();
      delete element.dataset.painted;
    },
  };
};
