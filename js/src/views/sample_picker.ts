// The sample that all views show, what it is and what the model says of it, and the others to choose from.
import type { JudgedFrame, SampleFrame, ThumbnailsFrame } from "../frames";
import { dropZone } from "../samples/drop";
import { filters } from "../samples/filters";
import { navigation } from "../samples/navigation";
import { pictureArea } from "../samples/picture";
import { prediction } from "../samples/prediction";
import { type Filter, filtered, neighbour, type Page, pageStart, refusal, sameFilter } from "../samples/selection";
import { thumbnails } from "../samples/thumbnails";
import { choice } from "../ui/choice";
import { h } from "../ui/dom";
import { errorBanner } from "../ui/error";
import { workOf } from "../ui/work";
import type { Create } from "../view";
import type { Want } from "../wants";

export const create: Create<"sample_picker"> = (element, callbacks) => {
  let page: Page | undefined;
  let turning: number | undefined; // to the page that was asked for, until it is there
  let filter: Filter = { label: null, misclassified: false, selected: false };
  let last: SampleFrame["header"] | undefined;
  const waiting = new Set<"sample" | "page">();

  const errors = errorBanner();
  const work = workOf({ stop: (scope) => callbacks.want("stop", scope) });
  const picture = pictureArea();
  const judged = prediction();

  const expect = (what: "sample" | "page"): void => {
    waiting.add(what);
    work.expect();
  };
  const answered = (what: "sample" | "page"): void => {
    waiting.delete(what);
    if (!waiting.size) work.answered();
  };

  // null: the user's own image.
  const chosen = choice<number | null>(() => follow());
  const follow = (): void => {
    if (last) nav.show(last);
    answered("sample");
    pages.select(chosen.shown ?? null);
  };
  // The kernel chooses: its answer is not known beforehand, so none is early.
  const leave = (...asked: Want<"sample_picker">): void => {
    chosen.release();
    callbacks.want(...asked);
  };

  const turn = (offset: number): void => {
    turning = offset;
    callbacks.want("offset", offset);
    expect("page");
  };
  const choose = (sample: number): void => {
    if (!chosen.ask(sample)) return;
    callbacks.want("sample", sample);
    // Back at what is shown: where the two clicks reach the kernel as one, it has nothing to answer.
    if (sample === chosen.said) answered("sample");
    else expect("sample");
    nav.expect(sample);
    pages.select(sample);
    if (!page || filtered(filter)) return;
    const start = pageStart(sample, page.pageSize);
    if (start !== (turning ?? page.offset)) turn(start);
  };
  const refilter = (next: Filter): void => {
    filter = next;
    turning = undefined;
    expect("page");
  };
  const take = async (file: File): Promise<void> => {
    const reason = refusal(file);
    errors.say("file", reason);
    if (reason) return;
    try {
      chosen.release();
      const bytes = new Uint8Array(await file.arrayBuffer());
      callbacks.upload({ kind: "image", name: file.name }, { bytes: { shape: [bytes.length], data: bytes } });
      expect("sample");
    } catch (error) {
      errors.say("file", `${file.name} could not be read: ${(error as Error).message}`);
    }
  };

  const nav = navigation(picture.about, {
    step(by) {
      const next = page && neighbour(page, filter, chosen.shown ?? null, by);
      if (next !== undefined) choose(next);
      else leave("step", by);
    },
    // No hint of progress: the kernel is silent when it draws the sample that is shown already.
    random: () => leave("random", true),
    jump: choose,
    file: (file) => void take(file),
    dataset() {
      leave("dataset", true);
      expect("sample");
    },
    again() {
      leave("again", true);
      expect("sample");
    },
  });
  const chooser = filters({
    label(label) {
      callbacks.want("label", label);
      refilter({ ...filter, label });
    },
    misclassified(misclassified) {
      callbacks.want("misclassified", misclassified);
      refilter({ ...filter, misclassified });
    },
    selected(selected) {
      callbacks.want("selected", selected);
      refilter({ ...filter, selected });
    },
  });
  const pages = thumbnails({ choose, page: turn });

  const parts = h(
    "div",
    { class: "iv-sample-parts" },
    h("div", { class: "iv-sample-one" }, nav.element, picture.element, nav.own),
    judged.element,
    h("div", { class: "iv-sample-others" }, chooser.element, work.note, pages.element),
  );
  parts.hidden = true;
  const empty = h("div", { class: "iv-empty", "data-testid": "empty" }, "Waiting for the first sample…");
  const root = h("div", { class: "iv-samples", "data-testid": "sample-picker" });
  const drop = dropZone(root, (file) => void take(file));
  root.append(work.line, errors.element, empty, parts, drop.element);
  element.append(root);

  const sample = (frame: SampleFrame): void => {
    const { header } = frame;
    empty.hidden = true;
    parts.hidden = false;
    picture.show(frame);
    judged.show(header.label, undefined);
    last = header;
    element.dataset.painted = String(header.sample ?? "own");
    element.removeAttribute("data-judged");
    if (chosen.hear(header.sample)) follow();
    else {
      nav.show(header);
      nav.expect(chosen.shown ?? null);
    }
  };

  const judge = (header: JudgedFrame["header"]): void => {
    if (!last || header.sample !== last.sample) return; // of the sample before
    judged.show(last.label, header);
    chooser.explain(header.notClassifier);
    element.setAttribute("data-judged", "");
  };

  const thumbnailPage = (frame: ThumbnailsFrame): void => {
    page = frame.header;
    if (page.offset === turning) turning = undefined;
    // A page of the filter before: the next one is on its way.
    if (!waiting.has("page") || sameFilter(filter, page.filter)) {
      filter = page.filter;
      chooser.show(page);
      answered("page");
    }
    pages.show(frame);
  };

  return {
    takes: {
      sample,
      judged: ({ header }) => judge(header),
      images: pages.take,
      thumbnails: thumbnailPage,
      busy: work.show,
      error(frame) {
        errors.show(frame);
        if (frame.header.over) return;
        waiting.clear();
        turning = undefined;
        chosen.release();
        work.answered();
      },
    },
    destroy() {
      work.destroy();
      chosen.destroy();
      picture.destroy();
      root.remove();
      delete element.dataset.painted;
      delete element.dataset.judged;
    },
  };
};
