// Charts that follow each other: one crosshair, one interval of x, one choice of series.
import type { Group, GroupChange, GroupOptions, Interval } from "./types";

const same = (a: Interval | null, b: Interval | null): boolean =>
  a === b || (a !== null && b !== null && a[0] === b[0] && a[1] === b[1]);

/** A group for charts that are made with it: `chart({ group: run })`. */
export function group({ zoomed }: GroupOptions = {}): Group {
  const members = new Set<(what: GroupChange) => void>();
  const hidden = new Set<string>();
  let at: number | null = null;
  let interval: Interval | null = null;
  let joined = false;
  const tell = (what: GroupChange): void => {
    for (const member of [...members]) member(what);
  };
  const show = (next: Interval | null): boolean => {
    if (next && !(next[1] > next[0])) return false;
    if (same(next, interval)) return false;
    interval = next;
    tell("interval");
    return true;
  };
  return {
    get at() {
      return at;
    },
    get interval() {
      return interval;
    },
    hidden,
    show,
    zoom(next) {
      if (show(next)) zoomed?.(next);
    },
    point(next) {
      if (next === at) return;
      at = next;
      tell("crosshair");
    },
    toggle(name) {
      if (!hidden.delete(name)) hidden.add(name);
      tell("hidden");
    },
    join(changed, draws = true) {
      const first = draws && !joined;
      joined ||= draws;
      members.add(changed);
      return { first, leave: () => members.delete(changed) };
    },
  };
}
