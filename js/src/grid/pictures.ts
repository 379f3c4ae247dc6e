// The chosen channel enlarged, beside the input with the channel over it; one crosshair on both.
import { h, setText, svg } from "../ui/dom";
import { number } from "../ui/format";
import type { Pixel } from "./describe";
import { type Geometry, seeing, seenBy, seenText } from "./receptive";

export interface Image {
  readonly height: number;
  readonly width: number;
  /** Packed colours. */
  readonly pixels: Uint32Array;
}

export interface Shown extends Geometry {
  readonly channel: Image;
  readonly values: Float32Array;
  /** The values are those of the 8-bit tile, until the exact ones come. */
  readonly approximate: boolean;
  readonly image: Image | null;
  /** The image belongs to an earlier sample. */
  readonly stale: boolean;
}

export interface Pictures {
  readonly element: HTMLElement;
  show(shown: Shown): void;
}

const TALLEST = 320;
// Enlarged more than this, a picture is read pixel by pixel: smoothed, its values would run into each other.
const SMOOTH = 4;

/** Draw a picture's pixels as sharp squares where they are that large. */
const sharpen = (canvas: HTMLCanvasElement, { width, height }: Image): void => {
  canvas.classList.toggle("iv-crisp", Math.max(width, height) * SMOOTH < TALLEST);
};

function draw(canvas: HTMLCanvasElement, { width, height, pixels }: Image): void {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  context?.putImageData(
    new ImageData(new Uint8ClampedArray(pixels.buffer as ArrayBuffer, 0, 4 * width * height), width, height),
    0,
    0,
  );
}

/** The input's bytes (h, w, 3) as packed colours. */
export function packImage(data: Uint8Array, height: number, width: number): Image {
  const pixels = new Uint32Array(width * height);
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = ((255 << 24) | (data[3 * i + 2]! << 16) | (data[3 * i + 1]! << 8) | data[3 * i]!) >>> 0;
  }
  return { height, width, pixels };
}

export function pictures(): Pictures {
  const frame = (name: string, ...canvases: HTMLCanvasElement[]) => {
    const lines = [svg("line"), svg("line")];
    const box = svg("rect", { class: "iv-field" });
    const cross = svg("svg", { class: "iv-cross", preserveAspectRatio: "none", "aria-hidden": "true" }, ...lines, box);
    const area = h("div", { class: "iv-picture", "data-testid": name }, ...canvases, cross);
    return { area, cross, lines, box };
  };
  const enlarged = h("canvas", { class: "iv-crisp" });
  const input = h("canvas", null);
  const over = h("canvas", { class: "iv-overlay" });
  const left = frame("enlarged", enlarged);
  const right = frame("input", input, over);
  const opacity = h("input", {
    type: "range",
    class: "iv-range",
    min: 0,
    max: 100,
    value: 50,
    "aria-label": "Opacity of the channel over the input",
    "data-lm-suppress-shortcuts": "true",
  });
  const readout = h("p", { class: "iv-readout", "aria-live": "polite", "data-testid": "readout" });
  const note = h("p", { class: "iv-note", "data-testid": "receptive" });
  const figure = h(
    "figure",
    { class: "iv-figure" },
    right.area,
    h("figcaption", null, "input", h("label", null, h("span", null, "overlay"), opacity)),
  );
  const element = h(
    "div",
    { class: "iv-pictures" },
    h(
      "div",
      { class: "iv-pair" },
      h("figure", { class: "iv-figure" }, left.area, h("figcaption", null, "channel")),
      figure,
    ),
    readout,
    note,
  );
  const proportions = (area: HTMLElement, [height, width]: readonly [number, number]): void => {
    area.style.aspectRatio = `${width} / ${height}`;
    area.style.maxWidth = `${Math.round((TALLEST * width) / height)}px`;
  };
  left.area.tabIndex = 0;
  left.area.setAttribute("role", "img");
  left.area.setAttribute("data-lm-suppress-shortcuts", "true");
  left.area.setAttribute("aria-label", "The channel enlarged. Arrow keys move the crosshair.");

  let shown: Shown | undefined;
  let pinned: Pixel | null = null;
  let hovered: Pixel | null = null;

  const fade = (): void => {
    over.style.opacity = String(Number(opacity.value) / 100);
  };
  opacity.addEventListener("input", fade);
  fade();

  const cross = (parts: typeof left, [height, width]: readonly [number, number], x: number, y: number): void => {
    parts.cross.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const ends = [
      [x, 0, x, height],
      [0, y, width, y],
    ];
    parts.lines.forEach((line, i) => {
      for (const [k, name] of ["x1", "y1", "x2", "y2"].entries()) line.setAttribute(name, String(ends[i]![k]));
    });
  };
  const rect = (box: SVGRectElement, area: { x: number; y: number; width: number; height: number }): void => {
    for (const [name, value] of Object.entries(area)) box.setAttribute(name, String(value));
  };

  const point = (): void => {
    const at = hovered ?? pinned;
    element.toggleAttribute("data-pointed", at !== null && shown !== undefined);
    if (!shown) return;
    const receptive = shown.receptive;
    if (!at) {
      setText(readout, "Point at the channel or the input to read values.");
      setText(
        note,
        receptive ? `Each position sees ${receptive.size[0]} × ${receptive.size[1]} pixels of the input.` : "",
      );
      return;
    }
    const [height, width] = shown.map;
    const [row, column] = [Math.min(at.row, height - 1), Math.min(at.column, width - 1)];
    const value = shown.values[row * width + column]!;
    const text = shown.approximate && Number.isFinite(value) ? `≈ ${number(value, 3)}` : number(value, 6);
    setText(readout, `row ${row}, column ${column}: ${text}`);
    rect(left.box, { x: column, y: row, width: 1, height: 1 });
    cross(left, shown.map, column + 0.5, row + 0.5);
    const seen = seenBy(shown, { row, column });
    rect(right.box, seen);
    cross(right, shown.input, seen.x + seen.width / 2, seen.y + seen.height / 2);
    setText(note, seenText(shown, { row, column }));
  };

  const track = (area: HTMLElement, find: (x: number, y: number) => Pixel): void => {
    const at = (event: MouseEvent): Pixel => {
      const bounds = area.getBoundingClientRect();
      return find((event.clientX - bounds.left) / bounds.width, (event.clientY - bounds.top) / bounds.height);
    };
    area.addEventListener("pointermove", (event) => {
      if (shown) hovered = at(event);
      point();
    });
    area.addEventListener("pointerleave", () => {
      hovered = null;
      point();
    });
    area.addEventListener("click", (event) => {
      if (shown) pinned = at(event);
      point();
    });
  };
  const inMap = (x: number, y: number): Pixel => {
    const [height, width] = shown?.map ?? [1, 1];
    const within = (t: number, n: number): number => Math.min(n - 1, Math.max(0, Math.floor(t * n)));
    return { row: within(y, height), column: within(x, width) };
  };
  track(left.area, inMap);
  track(right.area, (x, y) => (shown ? seeing(shown, x * shown.input[1], y * shown.input[0]) : { row: 0, column: 0 }));
  left.area.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step || !shown) return;
    const from = pinned ?? { row: 0, column: 0 };
    pinned = {
      row: Math.min(shown.map[0] - 1, Math.max(0, from.row + step[0]!)),
      column: Math.min(shown.map[1] - 1, Math.max(0, from.column + step[1]!)),
    };
    point();
    event.preventDefault();
    event.stopPropagation();
  });

  return {
    element,
    show(next) {
      shown = next;
      const { channel, image } = next;
      draw(enlarged, channel);
      proportions(left.area, next.map);
      figure.hidden = image === null;
      if (image) {
        draw(over, channel);
        draw(input, image);
        sharpen(over, channel);
        sharpen(input, image);
        proportions(right.area, [image.height, image.width]);
        right.area.toggleAttribute("data-stale", next.stale);
      }
      note.hidden = image === null;
      point();
    },
  };
}
