// The plot itself: points, camera, pointer, pictures. It knows points by their position in the frame, and their samples.
import { h } from "../ui/dom";
import { isolated, shortened } from "../ui/names";
import { fitted, pan, type Size, toScreen, toWorld, zoomAt } from "./camera";
import { card, type Fact } from "./card";
import { clustersOf } from "./clusters";
import type { Painted } from "./colouring";
import { type Contours, contourPicture } from "./contour_picture";
import { contoursOf } from "./density";
import { inside, nearest, within } from "./find";
import { calm, flight } from "./flight";
import { type Placed, projected, turned, UPRIGHT } from "./geometry";
import { gestures, type Mode } from "./gestures";
import type { Label } from "./names";
import { drawOverlay, type Thumbnail } from "./overlay";
import { css, NOTHING, type Rgb } from "./palette";
import type { Pictures } from "./pictures";
import { type Plot, plot } from "./plot";
import { refusal, unsupported } from "./renderer";
import type { How } from "./selection";

/** The element that takes the pointer, for whoever needs to know where a sample is on the screen. */
export interface ScatterCanvas extends HTMLCanvasElement {
  /** Viewport coordinates of a sample's point, as of a MouseEvent; null: it has none, or out of view. */
  screenPosition(sample: number): [number, number] | null;
}

export interface Stage {
  readonly element: HTMLElement;
  mode: Mode;
  /** Pictures in place of points where few are in view. */
  images(on: boolean): void;
  /** Names of classes where they lie, and lines of equal density, as long as one looks from afar. */
  map(on: boolean): void;
  /** New places; the points move there within `ms`. `anew`: these are others, so look at all of them. */
  place(placed: Placed, samples: Uint32Array, ms: number, anew: boolean): void;
  paint(painted: Painted, ground: Rgb): void;
  /** Positions of the highlighted points; null: none is selected. */
  highlight(points: Uint32Array | null): void;
  /** The sample that all views show. */
  choose(sample: number | null): void;
  zoom(by: number): void;
  fit(): void;
  /** Pictures have come. */
  refresh(): void;
  destroy(): void;
}

export interface StageEvents {
  select(points: Uint32Array, how: How): void;
  click(sample: number): void;
  /** What the card of a sample tells. */
  facts(sample: number): Fact[];
  mode(mode: Mode): void;
  escape(): boolean;
  /** The points stand where they were placed last. */
  drawn(): void;
}

const HOVER_PX = 9;
const MOST_PICTURES = 150;
const AFAR = 4; // times as large as when all points are shown
// With fewer points each can be seen.
const DENSE = 20_000;
const LETTERS = 16;
const FIT_MS = 300;
const NUDGE_PX = 48;
const TURN = 0.008; // radians a pixel

export function stage(pictures: Pictures, events: StageEvents): Stage {
  let size: Size = { width: 0, height: 0 };
  let placed: Placed | undefined;
  let rotation = UPRIGHT;
  let xy = new Float32Array(0);
  let samples: Uint32Array = new Uint32Array(0);
  let moving = false;
  let colours: Painted = { codes: new Uint16Array(0), table: [], counts: [], names: [] };
  let ground: Rgb = [255, 255, 255];
  let lit: Uint32Array | null = null;
  let litMarks = new Uint8Array(0);
  let outline: number[] | null = null;
  let hovered = -1;
  let pointerAt: [number, number] = [0, 0];
  let chosen: number | null = null;
  let images = true;
  let map = true;
  // Of the points as they stand and are coloured; worked out when they are first drawn.
  let labels: Label[] | undefined;
  let contours: Contours | null | undefined;
  let inView: number[] = [];
  let drawing: Plot | undefined;
  let frame = 0;

  const points = h("canvas", { class: "iv-scatter-points", "aria-hidden": "true" });
  const surface = h("canvas", {
    class: "iv-scatter-surface",
    tabindex: 0,
    role: "application",
    "aria-label":
      "Points: arrow keys move, plus and minus zoom, 0 shows all, L lasso, R rectangle, P move, Escape clears",
    "data-testid": "scatter-canvas",
    "data-lm-suppress-shortcuts": "true",
  }) as unknown as ScatterCanvas;
  const message = h("div", { class: "iv-empty iv-scatter-message", role: "alert", "data-testid": "no-webgl" });
  message.hidden = true;
  const tip = card();
  const element = h("div", { class: "iv-scatter-stage-area" }, points, surface, tip.element, message);

  const pointOf = (position: number): readonly [number, number] | null =>
    position >= 0 && position < samples.length ? [xy[2 * position]!, xy[2 * position + 1]!] : null;

  // Where the chosen sample stands among the points, looked up once for each set of points.
  let chosenAt = -1;
  const locate = (): void => {
    chosenAt = chosen === null ? -1 : samples.indexOf(chosen);
    element.dataset.current = chosenAt < 0 ? "" : String(chosen);
  };

  const findLabels = (): Label[] => {
    const short = shortened(colours.names, LETTERS);
    const clusters = colours.codes.length === samples.length ? clustersOf(xy, colours.codes, short.length) : [];
    return clusters.map(({ code, x, y }) => ({ text: isolated(short[code]!), x, y }));
  };

  const scene = (still = false): void => {
    frame = 0;
    if (!size.width) return;
    const corners = [toWorld(view.camera, size, 0, size.height), toWorld(view.camera, size, size.width, 0)] as const;
    inView = (images && !moving && within(xy, ...corners, MOST_PICTURES)) || [];
    const thumbnails = inView.flatMap((position): Thumbnail[] => {
      const image = pictures.get(samples[position]!)?.image;
      if (!image) return [];
      const colour = css(colours.table[colours.codes[position]!] ?? NOTHING);
      const dimmed = lit !== null && !litMarks[position];
      return [{ x: xy[2 * position]!, y: xy[2 * position + 1]!, image, colour, dimmed }];
    });
    const box = placed?.box;
    const afar = box !== undefined && view.camera.zoom < AFAR * fitted(box, size).zoom;
    const mapped = map && afar && !moving && !thumbnails.length && placed?.dimensions === 2;
    if (mapped) {
      labels ??= findLabels();
      contours ??= samples.length < DENSE ? null : contourPicture(contoursOf(xy));
    }
    element.dataset.labels = String(mapped ? labels?.length : 0);
    drawOverlay(surface, size, view.camera, {
      labels: (mapped && labels) || [],
      contours: (mapped && contours) || null,
      still,
      outline,
      hovered: moving ? null : pointOf(hovered),
      chosen: moving ? null : pointOf(chosenAt),
      thumbnails,
    });
    element.dataset.pictures = String(thumbnails.length);
  };
  const redraw = (): void => {
    if (!frame) frame = requestAnimationFrame(() => scene());
  };
  const need = (): void => {
    const wanted = inView.map((position) => samples[position]!);
    if (hovered >= 0) wanted.unshift(samples[hovered]!);
    if (wanted.length) pictures.need(wanted);
  };

  const settle = (): void => {
    scene(true);
    need();
  };
  const view = flight({
    size: () => size,
    box: () => placed?.box ?? { x: 0, y: 0, halfWidth: 1, halfHeight: 1 },
    moved(camera) {
      drawing?.look(camera);
      redraw();
    },
    settled: settle,
  });
  const unhover = (): void => {
    hovered = -1;
    surface.toggleAttribute("data-over", false);
    tip.hide();
    redraw();
  };
  const steer: typeof view.steer = (next) => {
    unhover();
    view.steer(next);
  };

  const hover = (x: number, y: number): void => {
    pointerAt = [x, y];
    const reach = inView.length ? 14 : HOVER_PX;
    const [wx, wy] = toWorld(view.camera, size, x, y);
    const radius = toWorld(view.camera, size, x + reach, y)[0] - wx;
    const found = moving ? -1 : nearest(xy, wx, wy, radius);
    if (found !== hovered) {
      hovered = found;
      surface.toggleAttribute("data-over", found >= 0);
      redraw();
      if (found >= 0) need();
    }
    describe();
  };
  const describe = (): void => {
    if (hovered < 0) {
      tip.hide();
      return;
    }
    const sample = samples[hovered]!;
    const [x, y] = pointerAt;
    tip.show(sample, events.facts(sample), pictures.get(sample), { x, y, ...size });
  };

  const keys: Record<string, () => unknown> = {
    ArrowLeft: () => steer(pan(view.camera, size, NUDGE_PX, 0)),
    ArrowRight: () => steer(pan(view.camera, size, -NUDGE_PX, 0)),
    ArrowUp: () => steer(pan(view.camera, size, 0, NUDGE_PX)),
    ArrowDown: () => steer(pan(view.camera, size, 0, -NUDGE_PX)),
    "+": () => view.zoom(1),
    "=": () => view.zoom(1),
    "-": () => view.zoom(-1),
    "0": () => view.home(FIT_MS),
    Escape: () => hands.cancel() || events.escape(),
    l: () => events.mode("lasso"),
    r: () => events.mode("rectangle"),
    p: () => events.mode("pan"),
    t: () => placed?.dimensions === 3 && events.mode("rotate"),
  };
  const hands = gestures(surface, {
    pan: (dx, dy) => steer(pan(view.camera, size, dx, dy)),
    rotate(dx, dy) {
      if (!placed) return;
      rotation = turned(rotation, dx * TURN, -dy * TURN);
      xy = projected(placed, rotation) as Float32Array<ArrayBuffer>;
      drawing?.move(xy, 0);
      unhover();
    },
    zoom: (factor, x, y) => steer(zoomAt(view.camera, size, factor, x, y)),
    fit: () => view.home(FIT_MS),
    outline(next) {
      outline = next;
      unhover();
    },
    select(screen, how) {
      const world: number[] = [];
      for (let i = 0; i < screen.length; i += 2) world.push(...toWorld(view.camera, size, screen[i]!, screen[i + 1]!));
      events.select(inside(xy, world), how);
    },
    hover,
    leave: unhover,
    click(x, y, how) {
      hover(x, y);
      if (hovered < 0) return;
      if (how === "replace") events.click(samples[hovered]!);
      else events.select(Uint32Array.of(hovered), how);
    },
    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return false;
      const act = keys[event.key] ?? keys[event.key.toLowerCase()];
      if (!act) return false;
      return act() !== false;
    },
    solid: () => placed?.dimensions === 3,
  });
  hands.mode = "pan";

  surface.screenPosition = (sample) => {
    const point = pointOf(samples.indexOf(sample));
    if (!point || !size.width) return null;
    const [x, y] = toScreen(view.camera, size, ...point);
    if (x < 0 || y < 0 || x > size.width || y > size.height) return null;
    const { left, top } = surface.getBoundingClientRect();
    return [left + x, top + y];
  };

  const say = (text: string): void => {
    message.textContent = text;
    message.hidden = text === "";
    element.toggleAttribute("data-blank", text !== "");
  };
  const start = (): void => {
    const reason = unsupported();
    say(reason);
    if (reason) return;
    try {
      drawing = plot(points, {
        drawn() {
          moving = false;
          settle();
          events.drawn();
        },
        lost: () => say("The graphics card has dropped the picture. It will be drawn again as soon as it can be."),
        restored() {
          drawing?.destroy();
          start();
          show();
        },
      });
    } catch (error) {
      drawing = undefined;
      say(refusal(error));
    }
  };
  /** Everything, onto a fresh plot. */
  const show = (): void => {
    drawing?.resize(size.width, size.height);
    drawing?.look(view.camera);
    drawing?.colour({ ...colours, ground });
    drawing?.highlight(lit);
    if (samples.length) drawing?.move(xy, 0);
  };
  start();

  const observer = new ResizeObserver(() => {
    const next = { width: element.clientWidth, height: element.clientHeight };
    if (next.width === size.width && next.height === size.height) return;
    size = next;
    if (!size.width || !size.height) return;
    drawing?.resize(size.width, size.height);
    view.follow(0);
    settle();
  });
  observer.observe(element);

  return {
    element,
    get mode() {
      return hands.mode;
    },
    set mode(next) {
      hands.mode = next;
    },
    images(on) {
      images = on;
      settle();
    },
    map(on) {
      map = on;
      settle();
    },
    place(next, of, ms, anew) {
      const before = placed?.dimensions;
      placed = next;
      if (next.dimensions !== before) rotation = UPRIGHT;
      xy = projected(next, rotation) as Float32Array<ArrayBuffer>;
      samples = of;
      labels = contours = undefined;
      locate();
      unhover();
      moving = ms > 0;
      const time = calm() ? 0 : ms;
      drawing?.move(xy, time);
      if (anew) view.home(time);
      else view.follow(time);
    },
    paint(next, on) {
      colours = next;
      labels = undefined;
      ground = on;
      drawing?.colour({ ...colours, ground });
      redraw();
    },
    highlight(next) {
      lit = next;
      litMarks = new Uint8Array(samples.length);
      for (const position of next ?? []) litMarks[position] = 1;
      drawing?.highlight(next);
      redraw();
    },
    choose(sample) {
      chosen = sample;
      locate();
      redraw();
    },
    zoom: view.zoom,
    fit: () => view.home(FIT_MS),
    refresh() {
      scene();
      need();
      describe();
    },
    destroy() {
      observer.disconnect();
      cancelAnimationFrame(frame);
      view.destroy();
      hands.destroy();
      drawing?.destroy();
    },
  };
}
