// The samples of a layer as points in the plane: what lies together, what stands apart, and which samples those are.
import type { ColourBy, EmbeddingFrame, PointsFrame } from "../frames";
import type { Fact } from "../scatter/card";
import { nameOf, nothingKnown, painted, withColours, withLabels, withoutPredictions } from "../scatter/colouring";
import { footer } from "../scatter/footer";
import { placed } from "../scatter/geometry";
import type { Mode } from "../scatter/gestures";
import { legend } from "../scatter/legend";
import { pictures } from "../scatter/pictures";
import { matching } from "../scatter/query";
import { running } from "../scatter/running";
import {
  combined,
  fingerprint,
  type How,
  inverted,
  NONE,
  positions,
  type Samples,
  samplesAt,
} from "../scatter/selection";
import { methodName, settingsBar } from "../scatter/settings";
import { stage } from "../scatter/stage";
import { timeline } from "../scatter/timeline";
import { tools } from "../scatter/tools";
import { fromArrays, toArrays } from "../selected";
import { choice } from "../ui/choice";
import { h, setText } from "../ui/dom";
import { errorBanner } from "../ui/error";
import { percent } from "../ui/format";
import { groundOf, onTheme } from "../ui/theme";
import { workOf } from "../ui/work";
import type { Create } from "../view";

// Frames of one run come some ten times a second: the points must have arrived before the next one.
const STEP_MS = 90;
const RUN_MS = 600;
// More points are put in place at once: each picture of the way there costs a pass over all.
const MOST_MOVING = 100_000;
// With as many, the browser gets to hand over a message before the picture of what is selected takes its time.
const YIELD_MS = 16;
const PREDICTING = "Predicting\u2026";

export const create: Create<"embedding_scatter"> = (element, callbacks) => {
  let known = nothingKnown();
  let by: ColourBy = "class";
  let asked: ColourBy | undefined;
  let status: EmbeddingFrame["header"] | undefined;
  let points: PointsFrame["header"] | undefined;
  let samples: Uint32Array = NONE;
  let said: Samples = NONE;
  let selected: Samples = NONE;

  const errors = errorBanner();
  const work = workOf({ stop: (scope) => callbacks.want("stop", scope) });
  const cache = pictures((list) => callbacks.want("images", list));

  // What is selected here is shown at once; what the kernel tells of an earlier gesture must not take it back.
  const agreed = choice<string>(() => show(said));
  const current = choice<number | null>(() => plotted.choose(current.shown ?? null));

  let soon: ReturnType<typeof setTimeout> | undefined;
  const show = (next: Samples): void => {
    selected = next;
    clearTimeout(soon);
    if (samples.length <= MOST_MOVING) light();
    else soon = setTimeout(light, YIELD_MS);
  };
  const light = (): void => {
    const among = positions(selected, samples);
    plotted.highlight(selected.length ? among : null);
    foot.counts(samples.length, selected.length, among.length);
    root.dataset.selected = String(selected.length);
  };
  const select = (next: Samples): void => {
    // First to the kernel: with a million points the picture takes longer than the message.
    if (agreed.ask(fingerprint(next))) callbacks.upload({ kind: "brush" }, toArrays(next, points?.total ?? 0));
    show(next);
  };
  // A search that waits for the predictions.
  let sought: { text: string; how: How } | undefined;
  const search = (text: string, how: How): void => {
    sought = undefined;
    const answer = matching(text, known, samples);
    if (answer.kind === "found") hit(answer.samples, how);
    else if (answer.kind === "problem") foot.say(answer.problem);
    else {
      sought = { text, how };
      foot.wait(PREDICTING);
      callbacks.want("know", "prediction");
    }
  };
  const giveUp = (): void => {
    if (sought) foot.say("");
    sought = undefined;
  };
  /** A gesture hit these samples. */
  const hit = (found: Samples, how: How): void => {
    sought = undefined;
    if (found.length) foot.say("");
    else if (how !== "replace") foot.say("No points inside: the selection is unchanged.");
    else foot.say(`No points inside${selected.length ? ": the selection is cleared" : ""}.`);
    if (found.length || how === "replace") select(combined(selected, found, how));
  };
  const colour = (): void => {
    const property = known.properties[by];
    const ground = groundOf(element);
    const paint = painted(property, samples, ground);
    plotted.paint(paint, ground);
    key.show(known, by, property, paint);
    root.dataset.colouredBy = property ? by : "";
  };
  const setMode = (mode: Mode): void => {
    plotted.mode = mode;
    tray.mode(mode);
  };

  const settings = settingsBar((next) => {
    callbacks.want("settings", next);
    work.expect();
    runs();
  });
  const computing = running({
    run() {
      callbacks.want("run", true);
      work.expect();
    },
    pause: (on) => callbacks.want("pause", on),
    stop: () => callbacks.want("stop", "points"),
  });
  const runs = (): void => {
    if (status) computing.show(status, settings.shown?.method ?? status.settings.method);
  };
  const plotted = stage(cache, {
    select: (found, how) => hit(samplesAt(found, samples), how),
    click(sample) {
      current.ask(sample);
      plotted.choose(sample);
      callbacks.want("sample", sample);
    },
    facts(sample) {
      const { class: labels, prediction } = known.properties;
      const label = nameOf(labels, sample) || cache.get(sample)?.label || "";
      const predicted = nameOf(prediction, sample);
      const shown = known.properties[by];
      const value = shown?.values?.[sample];
      const facts: Fact[] = [
        ["label", label],
        ["predicted", predicted],
      ];
      if (shown && value !== undefined)
        facts.push([shown.label, Number.isNaN(value) ? "unknown" : value.toPrecision(3)]);
      return facts.filter(([, told]) => told !== "");
    },
    mode: setMode,
    escape() {
      if (!selected.length) return false;
      select(NONE);
      return true;
    },
    drawn() {
      if (!points) return;
      root.dataset.drawn = `${points.run}/${samples.length}`;
      root.dataset.final = String(points.final);
      if (points.final) training.arrived(points.step);
    },
  });
  const tray = tools({
    mode: setMode,
    zoom: plotted.zoom,
    fit: plotted.fit,
    images: plotted.images,
    map: plotted.map,
    keep: () => callbacks.want("keep", true),
  });
  const training = timeline({
    step(label) {
      callbacks.want("step", label);
      work.expect();
    },
    visit(label) {
      callbacks.want("visit", label);
      work.expect();
    },
  });
  tray.solid(false);
  const key = legend({
    by(next) {
      by = asked = next;
      colour();
      if (!known.properties[next]) work.expect();
      callbacks.want("colour", next);
    },
    pick(code, how) {
      const property = known.properties[by];
      if (!property?.codes) return;
      const { codes, names } = property;
      hit(
        samples.filter((sample) => Math.min(codes[sample]!, names.length) === code),
        how,
      );
    },
  });
  const foot = footer({
    all: () => select(combined(selected, samples, "add")),
    invert: () => select(inverted(selected, samples)),
    clear: () => select(NONE),
    find: search,
    forget: giveUp,
  });

  const model = h("strong", { "data-testid": "scatter-model" });
  const name = h("h3", { "data-testid": "scatter-layer" });
  const note = h("span", { class: "iv-muted", "data-testid": "scatter-note" });
  const empty = h("div", { class: "iv-empty iv-scatter-message", "data-testid": "empty" }, "Waiting for points…");
  plotted.element.append(empty, work.note, tray.element, foot.word);
  const head = h("div", { class: "iv-scatter-head" }, settings.element, computing.element);
  head.hidden = true; // until the kernel says what can be chosen
  const root = h(
    "div",
    { class: "iv-scatter", "data-testid": "embedding-scatter" },
    work.line,
    errors.element,
    h("div", { class: "iv-scatter-top" }, h("div", { class: "iv-scatter-title" }, model, name, note), head),
    h("div", { class: "iv-scatter-body" }, plotted.element, key.element),
    training.element,
    foot.element,
  );
  element.append(root);
  onTheme(root, colour);
  model.hidden = true;
  setMode("pan");
  colour();
  foot.counts(0, 0, 0);

  const sameSamples = (next: Uint32Array): boolean =>
    next.length === samples.length && next.every((sample, i) => sample === samples[i]);

  const draw = ({ header, arrays }: PointsFrame): void => {
    const shape = arrays.points.shape;
    const dimensions = shape[1] === 3 ? 3 : 2;
    const again = points?.run === header.run;
    // All samples in their own order need no list of them.
    const next =
      arrays.indices?.data ??
      (again
        ? samples
        : shape[0] === header.total
          ? Uint32Array.from({ length: header.total }, (_, i) => i)
          : undefined);
    if (next?.length !== shape[0]) return; // a view that opened within a run waits for the next frame that names them
    const stays = samples.length > 0 && sameSamples(next);
    // Another step of the same layer: who has zoomed in looks on at the same place.
    const elsewhere = !again && !(stays && points?.layer === header.layer && points.method === header.method);
    points = header;
    empty.hidden = true;
    setText(model, header.model);
    model.hidden = header.model === "";
    setText(name, header.layer);
    name.title = header.layer;
    setText(note, [methodName(header.method), header.note].filter(Boolean).join(" \u00b7 "));
    note.title = note.textContent ?? "";
    settings.total(header.total);
    tray.solid(dimensions === 3);
    if (dimensions === 2 && plotted.mode === "rotate") setMode("pan");
    const ms = !stays || next.length > MOST_MOVING ? 0 : again ? STEP_MS : RUN_MS;
    samples = next;
    plotted.place(placed(arrays.points.data, dimensions), samples, ms, elsewhere);
    if (!stays) {
      colour();
      show(selected);
    }
    computing.progress(header);
    work.answered();
  };

  return {
    takes: {
      points: draw,
      embedding({ header }) {
        status = header;
        head.hidden = false;
        head.inert = status.led; // beside the one that it follows, and as high
        settings.show(status);
        training.show(status.steps, status.step);
        runs();
        work.answered();
      },
      labels(frame) {
        known = withLabels(known, frame);
        settings.total(known.total);
        colour();
      },
      colours(told) {
        if (told.header.over) {
          known = withoutPredictions(known);
          return;
        }
        known = withColours(known, told);
        if (sought && known.properties.prediction) search(sought.text, sought.how);
        if (told.header.scope === "know") return;
        // An answer to an earlier choice is kept, and not shown.
        if (asked === undefined || asked === known.by) {
          by = known.by;
          asked = undefined;
          work.answered();
        }
        colour();
      },
      brushed({ arrays }) {
        said = fromArrays(arrays);
        if (agreed.hear(fingerprint(said))) show(said);
      },
      current({ header: { sample } }) {
        if (current.hear(sample)) plotted.choose(sample);
      },
      images(frame) {
        cache.take(frame);
        plotted.refresh();
      },
      busy(frame) {
        const { scope, over, fraction } = frame.header;
        const awaited = sought !== undefined && scope === "know";
        const hasItsOwnWords = awaited || scope === "images" || (scope === "points" && status?.running);
        if (over || !hasItsOwnWords) work.show(frame); // the end always: it may have begun without
        if (awaited && !over && fraction !== null) foot.wait(`${PREDICTING} ${percent(fraction, 0)}`);
      },
      error(frame) {
        errors.show(frame);
        const { scope, over } = frame.header;
        if (over) return;
        if (scope === "know") {
          giveUp();
          return;
        }
        settings.release();
        training.stop();
        agreed.release();
        current.release();
        if (asked !== undefined) {
          by = known.by;
          asked = undefined;
          colour();
        }
        work.answered();
      },
    },
    destroy() {
      clearTimeout(soon);
      work.destroy();
      settings.destroy();
      training.destroy();
      foot.destroy();
      agreed.destroy();
      current.destroy();
      cache.destroy();
      plotted.destroy();
      root.remove();
    },
  };
};
