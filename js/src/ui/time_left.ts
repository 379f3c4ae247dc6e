// How long work will still take, from how the fraction done has grown so far.

// What grew from less is guesswork.
const LEAST = 0.02;

export interface TimeLeft {
  /** Told the fraction done of work with this label, at a time in ms; answers the seconds left, null while unknown. */
  seconds(label: string, fraction: number | null, now: number): number | null;
}

export function timeLeft(): TimeLeft {
  let begun: { label: string; at: number; fraction: number } | undefined;
  let last = 0;
  return {
    seconds(label, fraction, now) {
      if (fraction === null) return null;
      if (begun?.label !== label || fraction < last) begun = { label, at: now, fraction };
      last = fraction;
      const grown = fraction - begun.fraction;
      return grown < LEAST ? null : ((now - begun.at) / 1000) * ((1 - fraction) / grown);
    },
  };
}
