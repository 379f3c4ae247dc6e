// Where a value stands between the lowest and the highest: evenly, or by its size where that goes over many powers of ten.
import { number } from "../ui/format";

export interface Scale {
  readonly logarithmic: boolean;
  /** 0 at the low end, 1 at the high one; NaN for what is no number. */
  at(value: number): number;
  /** Values to write beside the colours, ends included, from the low one up. */
  readonly ticks: readonly { at: number; text: string }[];
}

// Over more powers of ten than this, all but the largest values would have one colour.
const DECADES = 2.5;
// Ticks nearer than this to each other would overlap.
const APART = 0.24;

const clamp = (t: number): number => Math.min(1, Math.max(0, t));

function linear(low: number, high: number): Scale {
  const span = high - low;
  return {
    logarithmic: false,
    at: (value) => (span > 0 ? clamp((value - low) / span) : value - value),
    ticks: [
      { at: 0, text: number(low, 3) },
      { at: 1, text: number(high, 3) },
    ],
  };
}

/** Of values of which some may be zero: those stand at the low end, with the least that is not. */
function logarithmic(least: number, low: number, high: number): Scale {
  const [from, to] = [Math.log10(least), Math.log10(high)];
  const at = (value: number): number => (value > 0 ? clamp((Math.log10(value) - from) / (to - from)) : clamp(value));
  const ticks = [{ at: 0, text: `${low < least ? "\u2264 " : ""}${number(least, 1)}` }];
  // Few of the powers of ten between, evenly chosen.
  const step = Math.max(1, Math.ceil((to - from) * APART));
  for (let power = Math.floor(to / step) * step; power > from; power -= step) {
    const place = (power - from) / (to - from);
    if (place < APART || place > 1 - APART) continue;
    ticks.splice(1, 0, { at: place, text: number(10 ** power, 1) });
  }
  return { logarithmic: true, at, ticks: [...ticks, { at: 1, text: number(high, 2) }] };
}

/** The scale of values whose finite ones go from low to high. */
export function scaleOf(values: Float32Array, low: number, high: number): Scale {
  if (low < 0 || !(high > 0)) return linear(low, high);
  let least = low;
  if (low === 0) {
    least = high;
    for (let i = 0; i < values.length; i++) if (values[i]! > 0 && values[i]! < least) least = values[i]!;
  }
  return Math.log10(high / least) > DECADES ? logarithmic(least, low, high) : linear(low, high);
}
