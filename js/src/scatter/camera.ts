// Where the viewer looks. World coordinates: the points, of which the larger side of the box around them is [-1, 1].

/** World point (x, y) of the middle of the view, and `zoom`: half the view's height is 1 / zoom of the world. */
export interface Camera {
  x: number;
  y: number;
  zoom: number;
}
export interface Size {
  width: number;
  height: number;
}
/** Middle and half the sides of the box around the points. */
export interface Box {
  x: number;
  y: number;
  halfWidth: number;
  halfHeight: number;
}

// The points' box fills this much of the view: the outermost ones are not cut.
const FILL = 0.92;
const LEAST = 0.05;
const MOST = 1e5;

/** CSS pixels of one unit of the world. */
export const unit = (camera: Camera, size: Size): number => (camera.zoom * size.height) / 2;

/** World -> CSS pixels from the top left corner of the view. */
export function toScreen(camera: Camera, size: Size, x: number, y: number): [number, number] {
  const u = unit(camera, size);
  return [size.width / 2 + (x - camera.x) * u, size.height / 2 - (y - camera.y) * u];
}

/** CSS pixels -> world. */
export function toWorld(camera: Camera, size: Size, x: number, y: number): [number, number] {
  const u = unit(camera, size);
  return [camera.x + (x - size.width / 2) / u, camera.y - (y - size.height / 2) / u];
}

/** The camera that shows the whole box. */
export function fitted(box: Box, size: Size): Camera {
  const aspect = size.height > 0 ? size.width / size.height : 1;
  const zoom = FILL * Math.min(1 / Math.max(box.halfHeight, 1e-6), aspect / Math.max(box.halfWidth, 1e-6));
  return { x: box.x, y: box.y, zoom: Math.min(MOST, Math.max(LEAST, zoom)) };
}

/** Drag the world by this many pixels. */
export function pan(camera: Camera, size: Size, dx: number, dy: number): Camera {
  const u = unit(camera, size);
  return { ...camera, x: camera.x - dx / u, y: camera.y + dy / u };
}

/** Enlarge by `factor`; the world stays where it is under the pixel (px, py). */
export function zoomAt(camera: Camera, size: Size, factor: number, px: number, py: number): Camera {
  const zoom = Math.min(MOST, Math.max(LEAST, camera.zoom * factor));
  const [x, y] = toWorld(camera, size, px, py);
  const kept = camera.zoom / zoom;
  return { x: x + (camera.x - x) * kept, y: y + (camera.y - y) * kept, zoom };
}

/** Between two cameras, t in [0, 1]. Zooms multiply, so the way between them is even to the eye. */
export function between(a: Camera, b: Camera, t: number): Camera {
  return {
    x: a.x + (b.x - a.x) * t,
    y: a.y + (b.y - a.y) * t,
    zoom: a.zoom * (b.zoom / a.zoom) ** t,
  };
}

/** As the 4 x 4 matrix, column by column, that regl-scatterplot takes for its view. */
export const matrix = ({ x, y, zoom }: Camera): number[] => [
  ...[zoom, 0, 0, 0],
  ...[0, zoom, 0, 0],
  ...[0, 0, 1, 0],
  ...[-x * zoom, -y * zoom, 0, 1],
];
