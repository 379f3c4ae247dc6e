// The scrolling area of tiles: one canvas the size of what is in sight, outlines over it, pointer and keyboard.
import { h, uniqueId } from "../ui/dom";
import { onTheme } from "../ui/theme";
import { type Arrangement, arrange, boxAt, moved, placeAt, type Room, scrolledTo } from "./arrange";
import { type Pixel, pixelAt, spoken, tooltipLines } from "./describe";
import { themeOf } from "./marks";
import { placesOf } from "./order";
import { painter } from "./paint";
import type { Scene } from "./scene";
import { tooltip } from "./tooltip";

export interface StageEvents {
  /** A channel was chosen by click or key. */
  open(channel: number): void;
  /** Escape was pressed; true if that closed something. */
  escape(): boolean;
  /** The tiles have just been painted. */
  painted(): void;
}

export interface Stage {
  readonly element: HTMLElement;
  /** The part of it that scrolls. */
  readonly scroller: HTMLElement;
  /** Draw a scene, at once if the view can be seen, else as soon as it can. */
  show(scene: Scene): void;
  /** Outline a channel, or none; `reveal` scrolls it into sight. */
  select(channel: number | null, reveal: boolean): void;
  /** Lay the tiles out again after something beside them came or went. */
  relayout(): void;
  /** Width and height that the tiles have. */
  room(): Room;
  focus(): void;
  destroy(): void;
}

export function createStage(events: StageEvents): Stage {
  const cell = h("div", {
    class: "iv-outline iv-active",
    role: "gridcell",
    id: uniqueId("tile"),
    "data-testid": "active-tile",
  });
  const selectedMark = h("div", { class: "iv-outline iv-selected", "data-testid": "selected-tile" });
  const hoverMark = h("div", { class: "iv-outline iv-hover" });
  const canvas = h("canvas", { class: "iv-canvas", "aria-hidden": "true" });
  const content = h("div", { class: "iv-content" }, canvas, hoverMark, selectedMark, h("div", { role: "row" }, cell));
  const scroller = h(
    "div",
    {
      class: "iv-scroller",
      role: "grid",
      tabindex: 0,
      "data-testid": "channels",
      "data-lm-suppress-shortcuts": "true",
    },
    content,
  );
  const tip = tooltip();
  const element = h("div", { class: "iv-stage" }, scroller, tip.element);
  const paint = painter(canvas.getContext("2d") as CanvasRenderingContext2D);
  for (const mark of [cell, selectedMark, hoverMark]) mark.hidden = true;

  let scene: Scene | undefined;
  let places: Uint32Array = new Uint32Array();
  let room: Room = { width: 0, height: 0 };
  let bounded = true; // the height follows the content up to a limit; else the page gives it
  let a: Arrangement | undefined;
  let theme: ReturnType<typeof themeOf> | undefined;
  let active = 0; // channels, not places: they stay the same tile when the order changes
  let selected: number | null = null;
  const remembered = new Map<string, { left: number; top: number }>();
  let scroll = { left: 0, top: 0 };

  const measure = (): void => {
    const limit = Number.parseFloat(getComputedStyle(scroller).maxHeight);
    bounded = Number.isFinite(limit);
    room = { width: scroller.clientWidth, height: bounded ? limit : scroller.clientHeight };
  };

  const outline = (mark: HTMLElement, channel: number | null): void => {
    const at = channel === null || !a ? undefined : places[channel];
    mark.hidden = at === undefined;
    if (at === undefined || !a) return;
    const box = boxAt(a, at);
    mark.style.transform = `translate(${box.x}px, ${box.y}px)`;
    mark.style.width = `${box.width}px`;
    mark.style.height = `${box.height}px`;
  };

  const outlines = (): void => {
    if (!scene || !a) return;
    active = Math.min(active, Math.max(0, scene.picture.channels - 1));
    outline(cell, scene.picture.channels ? active : null);
    outline(selectedMark, selected);
    selectedMark.dataset.channel = String(selected ?? "");
    const at = places[active] ?? 0;
    cell.setAttribute("aria-colindex", String((at % a.columns) + 1));
    cell.setAttribute("aria-rowindex", String(Math.floor(at / a.columns) + 1));
    cell.setAttribute("aria-selected", String(active === selected));
    if (scene.picture.channels) cell.setAttribute("aria-label", spoken(scene, active));
    cell.dataset.channel = String(active);
  };

  const repaint = (): void => {
    if (!scene || !a || !room.width || !room.height) return;
    const height = bounded ? Math.min(a.height, room.height) : room.height;
    const { width } = room;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    theme ??= themeOf(element);
    paint({ ...scene, arrangement: a }, { ...scroll, width, height, ratio: devicePixelRatio || 1 }, theme);
    events.painted();
  };

  const place = (): void => {
    if (!scene) return;
    if (!room.width) measure();
    if (!room.width || !room.height) return; // hidden: the observer calls again
    a = arrange(scene.picture, scene.settings, room);
    scroller.style.height = `${Math.ceil(a.height)}px`;
    content.style.width = `${Math.max(room.width, Math.floor(a.width))}px`;
    content.style.height = `${Math.ceil(a.height)}px`;
    for (const key of ["columns", "left", "top", "pitchX", "pitchY", "boxWidth", "boxHeight"] as const) {
      scroller.dataset[key] = String(a[key]);
    }
    scroller.setAttribute("aria-colcount", String(a.columns));
    scroller.setAttribute("aria-rowcount", String(a.rows));
    outlines();
  };

  const scrollTo = (to: { left: number; top: number }): void => {
    if (to.left === scroll.left && to.top === scroll.top) return;
    scroller.scrollTo({ ...to, behavior: "instant" });
    scroll = { left: scroller.scrollLeft, top: scroller.scrollTop };
    leave();
  };

  const reveal = (channel: number): void => {
    if (!a) return;
    const height = Math.min(room.height, scroller.clientHeight || room.height);
    scrollTo(scrolledTo(a, places[channel] ?? 0, scroll, { width: room.width, height }));
  };

  const under = (event: MouseEvent): { channel: number; pixel: Pixel } | null => {
    if (!scene || !a) return null;
    const corner = content.getBoundingClientRect();
    const [x, y] = [event.clientX - corner.left, event.clientY - corner.top];
    const at = placeAt(a, x, y);
    return at < 0 ? null : { channel: scene.order[at]!, pixel: pixelAt(a, scene.picture, at, x, y) };
  };

  const hover = (event: PointerEvent): void => {
    const found = event.pointerType === "touch" ? null : under(event);
    outline(hoverMark, found?.channel ?? null);
    if (found && scene) tip.show(tooltipLines(scene, found.channel, found.pixel), event, element);
    else tip.hide();
  };
  const leave = (): void => {
    hoverMark.hidden = true;
    tip.hide();
  };

  const press = (event: KeyboardEvent): void => {
    if (!scene?.picture.channels || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") events.open(active);
    else if (event.key === "Escape") {
      if (!events.escape()) return;
    } else {
      const to = a && moved(a, places[active] ?? 0, event.key, room.height);
      if (to === undefined) return;
      active = scene.order[to]!;
      outlines();
      reveal(active);
      repaint();
    }
    event.preventDefault();
    event.stopPropagation();
  };

  scroller.setAttribute("aria-activedescendant", cell.id);
  scroller.addEventListener("keydown", press);
  scroller.addEventListener("pointermove", hover);
  scroller.addEventListener("pointerleave", leave);
  scroller.addEventListener("scroll", () => {
    const now = { left: scroller.scrollLeft, top: scroller.scrollTop };
    if (now.left === scroll.left && now.top === scroll.top) return;
    scroll = now;
    if (scene) remembered.set(scene.picture.header.layer, scroll);
    leave();
    repaint();
  });
  scroller.addEventListener("click", (event) => {
    const found = under(event);
    if (!found) return;
    active = found.channel;
    events.open(found.channel);
  });
  onTheme(element, () => {
    theme = undefined;
    repaint();
  });

  let ratio: MediaQueryList | undefined;
  const sharpen = (): void => {
    ratio?.removeEventListener("change", sharpen);
    const first = !ratio;
    ratio = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    ratio.addEventListener("change", sharpen);
    if (!first) repaint();
  };
  sharpen();

  const relayout = (): void => {
    const before = room;
    measure();
    if (!room.width) theme = undefined; // hidden: there a colour that changes has no transition
    if (!room.width || (before.width === room.width && before.height === room.height)) return;
    place();
    leave(); // another tile is under the pointer now, or none: its next move tells
    scroll = { left: scroller.scrollLeft, top: scroller.scrollTop };
    repaint();
  };
  const observer = new ResizeObserver(relayout);
  observer.observe(scroller);

  return {
    element,
    scroller,
    show(next) {
      const before = scene;
      const layer = next.picture.header.layer;
      scene = next;
      if (before?.order !== next.order) places = placesOf(next.order);
      scroller.setAttribute("aria-label", `Channels of ${layer}`);
      scroller.dataset.layer = layer;
      scroller.dataset.layout = next.picture.layout;
      place();
      leave();
      if (before && before.picture.header.layer !== layer) {
        active = selected !== null && selected < next.picture.channels ? selected : 0;
        outlines();
        scrollTo(remembered.get(layer) ?? { left: 0, top: 0 });
      }
      repaint();
    },
    select(channel, toReveal) {
      selected = channel;
      if (channel !== null && scene && channel < scene.picture.channels) active = channel;
      outlines();
      if (channel === null || !toReveal || !a) return;
      reveal(channel);
      repaint();
    },
    relayout,
    room: () => room,
    focus: () => scroller.focus({ preventScroll: true }),
    destroy() {
      observer.disconnect();
      ratio?.removeEventListener("change", sharpen);
    },
  };
}
