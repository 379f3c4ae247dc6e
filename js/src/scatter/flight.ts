// How the camera moves: at once by hand, smoothly by a button, along with the points as long as nobody steers.
import { type Box, between, type Camera, fitted, type Size, zoomAt } from "./camera";

export interface Flight {
  readonly camera: Camera;
  /** The user moves the camera: from now on it stays where it is put. */
  steer(next: Camera): void;
  /** One step in or out. */
  zoom(by: number): void;
  /** Show the whole box, and follow it, within `ms`. */
  home(ms: number): void;
  /** The points' box has changed: show it, unless the user steers. */
  follow(ms: number): void;
  destroy(): void;
}

export interface FlightEvents {
  size(): Size;
  box(): Box;
  /** At each step of the way. */
  moved(camera: Camera): void;
  /** The camera has come to rest. */
  settled(): void;
}

const ZOOM_MS = 180;
const REST_MS = 80;
const STEP = 1.6;

export const calm = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;

export function flight(events: FlightEvents): Flight {
  let camera: Camera = { x: 0, y: 0, zoom: 1 };
  let following = true;
  let animation = 0;
  let rest: ReturnType<typeof setTimeout> | undefined;

  const stop = (): void => {
    cancelAnimationFrame(animation);
    clearTimeout(rest);
  };
  const go = (next: Camera): void => {
    camera = next;
    events.moved(camera);
  };
  const glide = (to: Camera, ms: number): void => {
    stop();
    const from = camera;
    const began = performance.now();
    const step = (): void => {
      const t = ms > 0 && !calm() ? Math.min(1, (performance.now() - began) / ms) : 1;
      go(between(from, to, t < 1 ? t * t * (3 - 2 * t) : 1));
      if (t < 1) animation = requestAnimationFrame(step);
      else events.settled();
    };
    step();
  };
  const home = (ms: number): void => {
    following = true;
    glide(fitted(events.box(), events.size()), ms);
  };

  return {
    get camera() {
      return camera;
    },
    steer(next) {
      stop();
      following = false;
      go(next);
      rest = setTimeout(events.settled, REST_MS);
    },
    zoom(by) {
      following = false;
      const size = events.size();
      glide(zoomAt(camera, size, STEP ** by, size.width / 2, size.height / 2), ZOOM_MS);
    },
    home,
    follow(ms) {
      if (following) home(ms);
      else go(camera);
    },
    destroy: stop,
  };
}
