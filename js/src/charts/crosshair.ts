// The crosshair of one chart: where it stands, which row of the read-out the keys have chosen.
import { lowerBound, nearest } from "./join";
import { rowTo, stepTo, zoomBy } from "./keys";
import { type Readings, spoken } from "./readings";
import type { Readout } from "./readout";
import type { Scale, Scene } from "./scene";
import type { Group } from "./types";

export interface Crosshair {
  /** The pointer is at these pixels of the plot. */
  hover(left: number, top: number): void;
  /** The pointer has left. */
  leave(): void;
  /** Draw it anew: it moved, or what is under it changed. */
  draw(): void;
  /** A key; whether it meant something here. */
  key(key: string): boolean;
  /** What it stands on, and the row that keys have chosen; null while there is no crosshair. */
  readonly on: { readonly readings: Readings; readonly chosen: number } | null;
}

/** What the crosshair needs of its chart. */
export interface Ground {
  readonly group: Group;
  readonly readout: Readout;
  scene(): Scene | null;
  /** All places of all values, ascending. */
  places(): Float64Array;
  /** The x axis when no interval is chosen. */
  whole(): Scale;
  say(text: string): void;
}

export function crosshair({ group, readout, scene, places, whole, say }: Ground): Crosshair {
  let height: number | null = null; // of the pointer, on the y axis
  let chosen = -1;
  let mine = false; // the pointer or the keys are here, and not in another chart of the group
  let on: Crosshair["on"] = null;

  const within = (): Float64Array => {
    const [all, now] = [places(), scene()];
    if (!now) return all;
    // A line that is drawn to the edge of the plot may end beyond it.
    const last = lowerBound(all, now.x.high);
    return all.subarray(lowerBound(all, now.x.low), all[last] === now.x.high ? last + 1 : last);
  };
  const draw = (): void => {
    const now = scene();
    on = null;
    if (!now || group.at === null) readout.hide();
    else on = { readings: readout.show(now, group.at, { height, chosen, words: mine }), chosen };
  };
  const speak = (): void => {
    if (!on) return;
    const row = on.readings.rows[chosen];
    say(row ? `${row.name} ${row.value}, ${on.readings.x}` : spoken(on.readings));
  };

  function zoomed(key: string): boolean {
    const [now, all] = [scene(), whole()];
    if (!now) return false;
    const shown: [number, number] = [all.place(now.x.low), all.place(now.x.high)];
    const middle = group.at === null ? (shown[0] + shown[1]) / 2 : all.place(group.at);
    const next = zoomBy(key, middle, shown);
    if (next === undefined) return false;
    // Without the last digits, in which a step of 1,500 would be 1,500.0000000000002.
    const round = (place: number): number => Number(all.value(place).toPrecision(12));
    group.zoom(next && [round(next[0]), round(next[1])]);
    return true;
  }

  return {
    hover(left, top) {
      const now = scene();
      if (!now) return;
      chosen = -1;
      mine = true;
      height = now.left.value(1 - top / now.plot.height);
      const at = now.x.value(left / now.plot.width);
      const steps = within();
      const next = nearest(steps, at);
      const to = next < 0 ? at : steps[next]!;
      if (to === group.at)
        draw(); // the pointer moved up or down
      else group.point(to);
    },
    leave() {
      height = null;
      mine = false;
      group.point(null);
    },
    draw,
    key(key) {
      const at = stepTo(key, { places: within(), at: group.at });
      if (at !== null) {
        height = null;
        mine = true;
        if (at === group.at)
          draw(); // where another chart of the group has put it
        else group.point(at);
        speak();
        return true;
      }
      const row =
        on &&
        rowTo(
          key,
          chosen,
          on.readings.rows.map(({ value }) => value !== "–"),
        );
      if (row !== null) {
        chosen = row;
        draw();
        speak();
        return true;
      }
      if (key === "Escape") {
        if (group.interval) group.zoom(null);
        else if (group.at !== null) group.point(null);
        else return false;
        return true;
      }
      return zoomed(key);
    },
    get on() {
      return on;
    },
  };
}
