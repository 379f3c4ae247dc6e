// The points on the screen, drawn by regl-scatterplot. The only file that knows it.
import createScatterplot, { createSpatialIndex } from "regl-scatterplot";
import { greyOn, mixed, type Rgb } from "../ui/contrast";
import { type Camera, matrix, type Size, toScreen } from "./camera";
import { lease } from "./renderer";

export interface Look {
  /** Entry of `table` for each point. */
  codes: Uint16Array;
  table: readonly Rgb[];
  /** What the points lie on. */
  ground: Rgb;
}

export interface Plot {
  /** Where the points are, x and y in turn, in world coordinates; they move there within `ms`. */
  move(xy: Float32Array, ms: number): void;
  colour(look: Look): void;
  /** Positions of the highlighted points, the rest dimmed; null: none is. */
  highlight(points: Uint32Array | null): void;
  look(camera: Camera): void;
  /** The canvas is now this large, in CSS pixels. */
  resize(width: number, height: number): void;
  destroy(): void;
}

// Above, its own list of selected points (a Set and arrays of JavaScript numbers) costs more than a new texture.
const MANY = 20_000;
// The rest turns grey and small, and stays legible; sheer, it would be lost where it stands alone.
const FADE = 0.88;
const GREY = 3.4; // contrast with the ground
const LARGER = 2; // pixels, of what is selected
// Entry 0 and entry 1 of the sizes: it rounds down, and between two frames it interpolates with rounding errors.
const UNLIT = 0.5;
const LIT = 1.5;
// From here on a frame may take long without a fast graphics card.
const HEAVY = 50_000;
const SLOW_MS = 90; // two frames pass before it is known: 50 at sixty a second
const REST_MS = 250;
const MOST_REST_MS = 1500;

/** Diameter in CSS pixels and opacity, by the number of points: few are large and firm, very many small and sheer. */
export function dotOf(count: number): { size: number; opacity: number } {
  const size = Math.min(9, Math.max(1.6, 26 / Math.max(1, count) ** 0.2));
  return { size, opacity: count > 100_000 ? 0.75 : 1 };
}

/** A colour where others are selected: a grey of the ground's, with a little of its own. */
export const fadedOn = (ground: Rgb, colour: Rgb): Rgb => mixed(colour, greyOn(ground, GREY), FADE);

/** A colour as regl-scatterplot takes it. */
const parts = ([r, g, b]: Rgb): [number, number, number, number] => [r / 255, g / 255, b / 255, 1];

/** `drawn` is called once the points stand where `move` put them last. */
export function plot(canvas: HTMLCanvasElement, events: { drawn(): void; lost(): void; restored(): void }): Plot {
  const share = lease(events.lost, events.restored);
  const scatter = createScatterplot({
    renderer: share.renderer,
    canvas,
    cameraIsFixed: true,
    deselectOnDblClick: false,
    deselectOnEscape: false,
    pointScaleMode: "asinh",
    pointOutlineWidth: 0,
    pointSizeSelected: LARGER,
    colorBy: "valueA",
  });
  let destroyed = false;
  let visible = false;
  let drawing = false;
  let stale = false;
  let duration = 0;
  let xy = new Float32Array(0);
  let look: Look | undefined;
  let lit: Uint32Array | null = null;
  // regl-scatterplot takes an array for each point; kept and written over, since a million of them are no small matter.
  let rows: number[][] = [];
  let index: ArrayBuffer | undefined;
  // What is selected or pointed at is found from the positions themselves, so its search tree stays empty.
  const ready = createSpatialIndex([]).then((data) => {
    index = data;
  });

  const crowd = (): boolean => lit !== null && (lit.length > MANY || lit.length === 0);
  let crowded = false;

  const fill = (): void => {
    const count = xy.length / 2;
    if (rows.length !== count) rows = Array.from({ length: count }, () => [0, 0, 0, 0]);
    const codes = look?.codes;
    const faded = crowded ? (look?.table.length ?? 0) : 0;
    const rest = crowded ? UNLIT : LIT;
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      row[0] = xy[2 * i]!;
      row[1] = xy[2 * i + 1]!;
      row[2] = (codes?.[i] ?? 0) + faded;
      row[3] = rest;
    }
    if (!crowded) return;
    for (let i = 0; i < lit!.length; i++) {
      const row = rows[lit![i]!]!;
      row[2]! -= faded;
      row[3] = LIT;
    }
  };

  const style = (): void => {
    const { size, opacity } = dotOf(rows.length);
    const table = look?.table ?? [];
    const full = table.map(parts);
    const faded = look ? table.map((colour) => parts(fadedOn(look!.ground, colour))) : [];
    // Its own list of selected points is drawn over the others in the active colours.
    const active = crowded ? [...full, ...faded] : full;
    void scatter.set({
      pointSize: crowded ? [0.75 * size, size + 1] : size,
      sizeBy: crowded ? "valueB" : null,
      opacity,
      ...(full.length && {
        pointColor: lit && !crowded ? faded : active,
        pointColorActive: active,
        pointColorHover: active,
      }),
    } as Parameters<typeof scatter.set>[0]);
  };

  const draw = async (): Promise<void> => {
    if (drawing || !visible || destroyed || share.renderer.isDestroyed) return;
    drawing = true;
    await ready;
    while (stale && visible && !destroyed) {
      stale = false;
      const ms = rows.length === xy.length / 2 ? duration : 0;
      duration = 0;
      crowded = crowd();
      // Where its selected points are in a texture depends on the number of points, so they are selected anew.
      scatter.deselect({ preventEvent: true });
      fill();
      style();
      const drawn = scatter.draw(rows, {
        zDataType: "categorical",
        wDataType: "categorical",
        spatialIndex: index!,
        ...(ms > 0 && { transition: true, transitionDuration: ms }),
        ...(lit && !crowded && { select: Array.from(lit) }),
      });
      await drawn.catch(() => undefined); // destroyed meanwhile
    }
    drawing = false;
    if (!destroyed && !stale) events.drawn();
  };
  const change = (): void => {
    stale = true;
    void draw();
  };

  // Moving the picture while the next one is drawn: with a million points and no graphics card a frame takes a second.
  let seen: Camera | undefined;
  let wanted: Camera | undefined;
  let frameMs = 0;
  let rest: ReturnType<typeof setTimeout> | undefined;
  let size: Size = { width: 0, height: 0 };
  const show = (): void => {
    clearTimeout(rest);
    rest = undefined;
    if (destroyed || !wanted) return;
    const camera = wanted;
    const began = performance.now();
    scatter.subscribe(
      "drawing",
      () => {
        seen = camera;
        shift();
        // The picture is finished by another process: how long that took shows in when the next frame comes.
        requestAnimationFrame(() =>
          requestAnimationFrame(() => {
            frameMs = performance.now() - began;
          }),
        );
      },
      1,
    );
    scatter.view(matrix(camera), { preventEvent: true });
  };
  const shift = (): void => {
    if (!seen || !wanted) return;
    const scale = wanted.zoom / seen.zoom;
    const [x, y] = toScreen(wanted, size, seen.x, seen.y);
    const still = scale === 1 && Math.hypot(x - size.width / 2, y - size.height / 2) < 0.01;
    canvas.style.transform = still
      ? ""
      : `translate(${x - size.width / 2}px, ${y - size.height / 2}px) scale(${scale})`;
  };

  return {
    move(next, ms) {
      xy = next as Float32Array<ArrayBuffer>;
      duration = ms;
      change();
    },
    colour(next) {
      look = next;
      change();
    },
    highlight(points) {
      lit = points;
      if (drawing || stale || crowded || crowd() || !rows.length) change();
      else {
        style();
        if (lit) scatter.select(Array.from(lit), { preventEvent: true });
        else scatter.deselect({ preventEvent: true });
      }
    },
    look(camera) {
      wanted = camera;
      if (rows.length < HEAVY || frameMs < SLOW_MS || !seen) show();
      else {
        shift();
        clearTimeout(rest);
        // Longer than a frame takes, or a slow drag would be one heavy frame after the other.
        rest = setTimeout(show, Math.min(MOST_REST_MS, Math.max(REST_MS, 2 * frameMs)));
      }
    },
    resize(width, height) {
      visible = width > 0 && height > 0;
      if (!visible) return;
      size = { width, height };
      share.fit(width, height);
      scatter.redraw();
      void draw();
    },
    destroy() {
      if (destroyed) return;
      destroyed = true;
      clearTimeout(rest);
      try {
        // Its destroy() leaves the texture of the points to the context, which other plots share.
        if (!share.renderer.isDestroyed) void scatter.clear().catch(() => undefined);
        scatter.destroy();
      } catch (error) {
        console.warn("innerview: a lost plot could not be taken down in full", error);
      }
      share.release();
    },
  };
}
