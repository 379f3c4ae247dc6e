// What the bars of the brush panel show: shares of classes, and differences of channels.
import type { ContrastFrame } from "../frames";

export type Contrast = ContrastFrame["header"];
export type ClassCount = Contrast["classes"][number];
export type ChannelMean = Contrast["channels"][number];

export interface ClassShare extends ClassCount {
  selectedShare: number; // of the selected samples
  restShare: number; // of the other samples
}

/** The classes with their shares, the most often selected first; those as often selected, in their own order. */
export const classShares = ({ classes, selected, rest }: Contrast): ClassShare[] =>
  classes
    .map((one) => ({ ...one, selectedShare: one.selected / (selected || 1), restShare: one.rest / (rest || 1) }))
    .sort((a, b) => b.selected - a.selected);

// More classes than this push the channels out of sight.
const AT_ONCE = 12;

/** How many classes to show before the rest is asked for, and what to call those left out; "" when none is. */
export function fold(shares: readonly ClassCount[]): [shown: number, rest: string] {
  const some = shares.filter((one) => one.selected > 0).length;
  const none = shares.length - some;
  const shown = Math.min(some, AT_ONCE);
  if (shown === shares.length) return [shown, ""];
  if (shown === some) return [shown, `+${none.toLocaleString("en")} with none`];
  const hidden = `+${(shares.length - shown).toLocaleString("en")} more`;
  return [shown, none ? `${hidden}, ${none.toLocaleString("en")} with none` : hidden];
}

/** The largest share: as long as the longest bar. */
export const longest = (shares: readonly ClassShare[]): number =>
  shares.reduce((most, one) => Math.max(most, one.selectedShare, one.restShare), 0) || 1;

// Differences too small to matter must not look large; and a channel that varies in neither group differs by as much as
// one likes, which must not make the others look small.
const LEAST_EDGE = 1;
const MOST_EDGE = 5;

/** The standardised difference at which a bar reaches the edge: the largest there is, within bounds. */
export const edge = (channels: readonly ChannelMean[]): number =>
  channels.reduce((most, { difference }) => Math.min(MOST_EDGE, Math.max(most, Math.abs(difference ?? 0))), LEAST_EDGE);

/** Where a bar around the middle begins and how long it is, in per cent of the width. */
export function divergingBar(difference: number | null, most: number): [from: number, length: number] {
  const length = Math.min(50, (50 * Math.abs(difference ?? 0)) / most);
  return [(difference ?? 0) < 0 ? 50 - length : 50, length];
}
