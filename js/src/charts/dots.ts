// The dots of lines, as something that can be hit.
import { type Scene, scaleAt, xOf, yOf } from "./scene";
import type { Line } from "./types";

const HIT = 9; // pixels from its middle, for fingers and unsteady hands

export interface Dot {
  readonly series: Line;
  readonly index: number;
}

/** The dot nearest to a place of the chart, in pixels; null when none is close. */
export function dotAt(scene: Scene, left: number, top: number): Dot | null {
  let found: Dot | null = null;
  let least = HIT;
  for (const series of scene.series) {
    if (series.kind !== "line" || !series.dots) continue;
    const scale = scaleAt(scene, series.side ?? "left");
    for (let index = 0; index < series.x.length; index++) {
      const away = Math.hypot(xOf(scene, series.x[index]!) - left, yOf(scene, scale, series.y[index]!) - top);
      // Of two as near the later one, which lies above.
      if (away <= least) [found, least] = [{ series, index }, away];
    }
  }
  return found;
}
