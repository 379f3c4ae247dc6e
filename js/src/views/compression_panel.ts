// A layer compressed: how, what one sample's tiles lose, what the model then says, what accuracy is left.
import { accuracy } from "../compression/accuracy";
import { compared } from "../compression/compared";
import { curveChart } from "../compression/curves";
import { decided } from "../compression/decided";
import { facts } from "../compression/facts";
import { others } from "../compression/others";
import { AXES, BASES, same, sameFit, sameOthers } from "../compression/setting";
import { rankSlider } from "../compression/slider";
import { tiles } from "../compression/tiles";
import {
  type AccuracyFrame,
  type CompressedFrame,
  type CompressionFrame,
  type CompressionSetting,
  type CurveFrame,
  type HistogramFrame,
  isGone,
  type ProjectionFrame,
  type StudiedFrame,
} from "../frames";
import { histogramChart, isSigned } from "../similarity/histogram";
import { choice } from "../ui/choice";
import { segments } from "../ui/controls";
import { copyButton } from "../ui/copy_button";
import { h, setText } from "../ui/dom";
import { errorBanner } from "../ui/error";
import { counted } from "../ui/format";
import { workOf } from "../ui/work";
import type { Create } from "../view";

export const create: Create<"compression_panel"> = (element, callbacks) => {
  let state: CompressionFrame["header"] | undefined;
  let fit: ProjectionFrame | null = null;
  let left: AccuracyFrame | null = null;
  let picture: CompressedFrame | undefined;
  let studied: StudiedFrame["header"] = { kind: "studied", ranks: 0, text: "" };
  const curves = new Map<string, CurveFrame>();
  let evaluating = false;

  const errors = errorBanner();
  // Both curves that are drawn beside each other are stopped together.
  const work = workOf({ stop: (scope) => callbacks.want("stop", scope.startsWith("curve") ? "curve" : scope) });
  const basis = choice<CompressionSetting["basis"]>(() => draw());
  const axis = choice<CompressionSetting["axis"]>(() => draw());
  const rank = choice<number>(() => draw());

  /** What is chosen: by the user a moment ago, or as the kernel has it. */
  const setting = (): CompressionSetting | undefined =>
    state && {
      layer: state.layer,
      basis: basis.shown ?? state.basis,
      axis: axis.shown ?? state.axis,
      rank: rank.shown ?? state.rank,
    };

  const bases = segments("Basis", "basis", BASES, (value) => {
    if (!basis.ask(value)) return;
    rank.drop();
    work.expect();
    callbacks.want("basis", value);
    draw();
  });
  const axes = segments("Axis", "axis", AXES, (value) => {
    if (!axis.ask(value)) return;
    rank.drop();
    work.expect();
    callbacks.want("axis", value);
    draw();
  });
  const slider = rankSlider(
    (value) => {
      rank.ask(value);
      work.expect();
      callbacks.want("rank", value);
      draw();
    },
    () => callbacks.want("evaluate", true),
  );
  const said = facts();
  const together = others(
    () => callbacks.want("pin", true),
    (layer) => callbacks.want("unpin", layer),
  );
  const verdict = decided();
  const stop = h(
    "button",
    { type: "button", class: "iv-button", "data-testid": "stop", onclick: () => callbacks.want("stop", "accuracy") },
    "Stop",
  );
  const evaluated = accuracy(stop);
  const pictures = tiles(({ header }) => {
    element.dataset.painted = [header.layer, header.sample, header.basis, header.axis, header.rank].join("/");
  });

  const curve = h(
    "button",
    {
      type: "button",
      class: "iv-button",
      title: "Evaluate this layer at many ranks, beside a random basis; the curves of other layers stay",
      "data-testid": "curve",
      onclick: () => {
        work.expect();
        callbacks.want("curve", true);
        study.scrollIntoView({ block: "nearest" });
      },
    },
    "Draw the curve",
  );
  const blocks = h(
    "button",
    {
      type: "button",
      class: "iv-button",
      title: "Evaluate every block of the model at equal parts of its full rank: which can be compressed most?",
      "data-testid": "blocks",
      onclick: () => {
        work.expect();
        callbacks.want("blocks", true);
        study.scrollIntoView({ block: "nearest" });
      },
    },
    "Compare all blocks",
  );
  const every = compared(({ layer, rank }) => callbacks.want("block", { layer, rank }));
  const go = (scope: string, index: number): void => callbacks.want("point", { scope, index });
  const charts = { rank: curveChart("rank", go), block: curveChart("block", go) };
  const compares = h("input", {
    type: "checkbox",
    "data-testid": "similarity",
    onchange: () => {
      callbacks.want("similarity", compares.checked);
      draw();
    },
  });
  const alike = histogramChart();
  let similar: HistogramFrame | undefined;
  const similarity = h("div", { class: "iv-compression-histogram", "data-testid": "similarity-chart" }, alike.element);
  const clear = h(
    "button",
    { type: "button", class: "iv-button", "data-testid": "clear", onclick: () => callbacks.want("clear", true) },
    "Clear",
  );
  const copy = copyButton(
    "Copy table",
    { title: "Copy all that was evaluated as text: paste it into a spreadsheet", "data-testid": "copy" },
    () => studied.text,
    () => errors.say("copy", "The browser does not allow copying here."),
  );
  const known = h("p", { class: "iv-muted", "data-testid": "known" });
  const name = h("h3", { "data-testid": "layer" });
  const empty = h("div", { class: "iv-empty", "data-testid": "empty" }, "Choose a layer to compress its output.");
  const numbers = h("div", { class: "iv-compression-numbers" }, evaluated.element, verdict.element);
  const hint = h(
    "p",
    { class: "iv-empty iv-curves-hint" },
    "Draw the curve to see the accuracy at every rank, beside that of random directions.",
  );
  const study = h(
    "section",
    { class: "iv-compression-study", "aria-label": "Accuracy by rank" },
    h("div", { class: "iv-compression-tools" }, curve, blocks, clear, copy.element, known),
    work.note,
    hint,
    charts.rank.element,
  );
  const results = h("div", { class: "iv-compression-results" }, numbers, study, pictures.element);
  const main = h(
    "div",
    { class: "iv-compression-main" },
    h("div", { class: "iv-compression-controls" }, name, bases.element, axes.element),
    slider.element,
    h("div", { class: "iv-compression-cost" }, said.element, together.element),
    results,
    every.element,
    charts.block.element,
    h("label", { class: "iv-check" }, compares, h("span", null, "Cosine similarity of samples at this rank")),
    similarity,
  );
  main.hidden = true;
  const root = h(
    "div",
    { class: "iv-compression", "data-testid": "compression-panel" },
    work.line,
    errors.element,
    empty,
    main,
  );
  element.append(root);

  const draw = (): void => {
    const now = setting();
    if (!now || !state) return;
    empty.hidden = true;
    main.hidden = false;
    const off = now.basis === "off";
    setText(name, now.layer);
    bases.set(now.basis);
    axes.set(now.axis);
    slider.show(now.rank, state.full, now.basis === "quantise" ? "bits" : "rank");
    slider.disable(off);
    const fits = fit && sameFit(fit.header, now) ? fit : null;
    slider.curve(fits ? fits.arrays.curve.data : null);
    said.show(fits, now.rank);
    pictures.element.hidden = verdict.element.hidden = picture?.header.layer !== now.layer;
    results.toggleAttribute("data-stale", !!picture && !off && !same(picture.header, now));
    together.show(state, off);
    const counts = left && left.header.layer === now.layer ? left : null;
    evaluated.show(
      off ? null : counts,
      !!counts && !(same(counts.header, now) && sameOthers(counts.header.also, state.also)),
      off ? "nothing is compressed" : "not evaluated yet",
    );
    copy.element.disabled = !studied.ranks;
    clear.disabled = !studied.ranks && !!every.element.hidden;
    curve.disabled = blocks.disabled = off;
    stop.hidden = !evaluating;
    setText(known, studied.ranks ? counted(studied.ranks, "rank") : "");
    const all = [...curves.values()];
    charts.rank.show(all.filter(({ header }) => header.of === "rank"));
    charts.block.show(all.filter(({ header }) => header.of === "block"));
    hint.hidden = !charts.rank.element.hidden || work.running;
    compareSamples(now);
  };
  const compareSamples = (now: CompressionSetting): void => {
    similarity.hidden = !compares.checked || !similar;
    if (!similar || similarity.hidden) return;
    const { layer, rank } = similar.header;
    const fits = layer === now.layer && (rank === null ? now.basis === "off" : rank === now.rank);
    similarity.toggleAttribute("data-stale", !fits);
    alike.show(similar, rank === null ? layer : `${layer} at rank ${rank}`, "density", isSigned(similar) ? -1 : 0);
  };

  const hear = (header: CompressionFrame["header"]): void => {
    const moved = !state || state.layer !== header.layer;
    state = header;
    for (const one of [basis, axis, rank]) if (moved) one.drop();
    basis.hear(header.basis);
    axis.hear(header.axis);
    rank.hear(header.rank);
  };

  /** What a frame says is drawn once it is taken. */
  const drawn =
    <F>(take: (frame: F) => void) =>
    (frame: F): void => {
      take(frame);
      draw();
    };
  return {
    takes: {
      compression: drawn(({ header }) => hear(header)),
      projection: drawn((frame) => {
        fit = frame;
      }),
      compressed: drawn((frame) => {
        picture = frame;
        pictures.show(frame);
        work.answered();
      }),
      decided: drawn((frame) => verdict.show(frame, picture?.header.basis !== "off")),
      accuracy: drawn((frame) => {
        left = frame;
      }),
      studied: drawn(({ header }) => {
        studied = header;
      }),
      compared: drawn(({ header }) => every.show(header)),
      curve: drawn((frame) => {
        if (isGone(frame)) curves.delete(frame.header.scope);
        else curves.set(frame.header.scope, frame);
      }),
      histogram: drawn((frame) => {
        if (!isGone(frame)) similar = frame;
      }),
      busy: drawn((frame) => {
        // How far the evaluation is stands with the accuracy.
        if (frame.header.scope === "accuracy") evaluating = !frame.header.over;
        else work.show(frame);
      }),
      error: drawn((frame) => {
        errors.show(frame);
        if (frame.header.over) return;
        work.answered();
        for (const one of [basis, axis, rank]) one.release();
      }),
    },
    destroy() {
      work.destroy();
      slider.destroy();
      pictures.destroy();
      charts.rank.destroy();
      charts.block.destroy();
      alike.destroy();
      copy.destroy();
      for (const one of [basis, axis, rank]) one.destroy();
      root.remove();
      delete element.dataset.painted;
    },
  };
};
