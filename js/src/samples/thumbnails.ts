// One page of thumbnails to choose from, and the buttons to the other pages.
import type { ImagesFrame, ThumbnailsFrame } from "../frames";
import { h, setText, uniqueId } from "../ui/dom";
import { icon, LEFT, RIGHT } from "../ui/icons";
import { isolated } from "../ui/names";
import { paint } from "../ui/pixels";
import { emptyText, filtered, pageStart, pageText } from "./selection";

export interface Thumbnails {
  readonly element: HTMLElement;
  show(frame: ThumbnailsFrame): void;
  /** The pictures of a page, which come before it. */
  take(frame: ImagesFrame): void;
  /** Outline the chosen sample; null: none of them. */
  select(sample: number | null): void;
}

interface Option {
  element: HTMLElement;
  canvas: HTMLCanvasElement;
  text: HTMLElement;
}

export function thumbnails(events: { choose(sample: number): void; page(offset: number): void }): Thumbnails {
  let header: ThumbnailsFrame["header"] | undefined;
  let chosen: number | null = null;
  let images: ImagesFrame | undefined;
  const stem = uniqueId("thumbnail");
  // Kept from frame to frame: while a page fills, it comes several times a second.
  const options: Option[] = [];

  const list = h("div", {
    class: "iv-sample-thumbnails",
    role: "listbox",
    tabindex: 0,
    "aria-label": "Samples",
    "data-testid": "thumbnails",
    "data-lm-suppress-shortcuts": "true",
  });
  const empty = h("p", { class: "iv-muted", "data-testid": "no-thumbnails" });
  const turn = (name: string, id: string, path: string, by: 1 | -1): HTMLButtonElement =>
    h(
      "button",
      { type: "button", class: "iv-button", title: name, "aria-label": name, "data-testid": id, onclick: () => go(by) },
      icon(path),
    );
  const before = turn("Previous page", "page-previous", LEFT, -1);
  const after = turn("Next page", "page-next", RIGHT, 1);
  const range = h("span", { "data-testid": "page-range" });
  const find = h(
    "button",
    {
      type: "button",
      class: "iv-button iv-quiet",
      title: "Turn to the page of the chosen sample",
      "data-testid": "page-current",
      onclick: () => header && chosen !== null && events.page(pageStart(chosen, header.pageSize)),
    },
    "Show chosen",
  );
  const pager = h("div", { class: "iv-sample-pager" }, before, range, after, find);
  const element = h("div", { class: "iv-sample-pages" }, list, empty, pager);
  list.hidden = empty.hidden = pager.hidden = true;

  const go = (by: 1 | -1): void => {
    if (!header) return;
    const offset = header.offset + by * header.pageSize;
    if (offset >= 0 && offset < header.count) events.page(offset);
  };

  const make = (i: number): Option => {
    const canvas = h("canvas", { "aria-hidden": "true" });
    const text = h("span", { class: "iv-sample-short" });
    const element = h("div", { role: "option", id: `${stem}-${i}`, "data-testid": "thumbnail" }, canvas, text);
    return { element, canvas, text };
  };

  const mark = (): void => {
    const at = header?.indices.indexOf(chosen ?? -1) ?? -1;
    options.forEach(({ element: option }, i) => {
      option.setAttribute("aria-selected", String(i === at));
    });
    if (at >= 0) list.setAttribute("aria-activedescendant", `${stem}-${at}`);
    else list.removeAttribute("aria-activedescendant");
    find.hidden = !header || at >= 0 || chosen === null || filtered(header.filter);
  };

  /** Scroll within the list only: scrollIntoView would move the notebook as well. */
  const scrollToChosen = (): void => {
    const option = options[header?.indices.indexOf(chosen ?? -1) ?? -1]?.element;
    if (!option) return;
    const top = option.offsetTop - list.offsetTop;
    if (top < list.scrollTop) list.scrollTop = top - 4;
    else if (top + option.offsetHeight > list.scrollTop + list.clientHeight) {
      list.scrollTop = top + option.offsetHeight - list.clientHeight + 4;
    }
  };

  /** With the next frame, which is laid out anyway: a click waits for no layout of its own. */
  const reveal = (): void => void requestAnimationFrame(scrollToChosen);

  const perRow = (): number => {
    const first = options[0]?.element.offsetTop;
    const shown = options.slice(0, header?.indices.length ?? 0);
    const wraps = shown.findIndex(({ element: option }) => option.offsetTop !== first);
    return wraps < 0 ? Math.max(1, shown.length) : wraps;
  };

  list.addEventListener("click", (event) => {
    const option = (event.target as Element).closest<HTMLElement>("[role=option]");
    if (option) events.choose(Number(option.dataset.sample));
  });
  list.addEventListener("keydown", (event) => {
    if (!header?.indices.length || event.altKey || event.ctrlKey || event.metaKey) return;
    const last = header.indices.length - 1;
    const at = header.indices.indexOf(chosen ?? -1);
    const moves: Record<string, () => number> = {
      ArrowRight: () => at + 1,
      ArrowLeft: () => at - 1,
      ArrowDown: () => (at < 0 ? 0 : at + perRow()),
      ArrowUp: () => (at < 0 ? 0 : at - perRow()),
      Home: () => 0,
      End: () => last,
    };
    const move = moves[event.key];
    if (move) {
      const to = move();
      if (to >= 0 && to <= last && to !== at) events.choose(header.indices[to]!);
    } else if (event.key === "PageDown") go(1);
    else if (event.key === "PageUp") go(-1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  return {
    element,
    show(frame) {
      const moved = header?.offset !== frame.header.offset;
      header = frame.header;
      const { indices, labels, correct } = header;
      const pictures = images?.arrays.images;
      const text = images?.header.text ?? [];
      while (options.length < indices.length) options.push(make(options.length));
      indices.forEach((sample, i) => {
        const { element: option, canvas, text: short } = options[i]!;
        const wrong = correct[i] === false;
        const name = [`sample ${sample}`, isolated(labels[i] ?? ""), wrong ? "misclassified" : ""]
          .filter(Boolean)
          .join(", ");
        option.dataset.sample = String(sample);
        option.toggleAttribute("data-wrong", wrong);
        option.title = name;
        option.setAttribute("aria-label", text[i] === undefined ? name : `${name}: ${text[i]}`);
        canvas.hidden = !pictures;
        short.hidden = !!pictures;
        setText(short, pictures ? "" : (text[i] ?? `sample ${sample}`));
        const place = images?.header.indices.indexOf(sample) ?? -1;
        if (pictures && place >= 0) paint(canvas, pictures, place);
      });
      const shown = options.slice(0, indices.length).map(({ element: option }) => option);
      if (list.childElementCount !== shown.length) list.replaceChildren(...shown);
      list.toggleAttribute("data-text", !pictures);
      list.hidden = !indices.length;
      empty.hidden = !!indices.length;
      setText(empty, indices.length ? "" : emptyText(header));
      pager.hidden = !indices.length;
      setText(range, pageText(header));
      before.disabled = header.offset === 0;
      after.disabled = header.offset + header.pageSize >= header.count;
      before.hidden = after.hidden = before.disabled && after.disabled;
      if (moved) list.scrollTop = 0;
      mark();
      if (moved) reveal();
      list.dataset.painted = `${header.offset}/${indices.length}`;
    },
    take(frame) {
      images = frame;
    },
    select(sample) {
      if (sample === chosen) return;
      chosen = sample;
      mark();
      reveal();
    },
  };
}
