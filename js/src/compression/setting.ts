// How a layer is compressed, in words.
import type { CompressionAxis, CompressionSetting } from "../frames";

export const BASES: readonly (readonly [CompressionSetting["basis"], string, string])[] = [
  ["off", "off", "The layer's output as it is"],
  ["pca", "PCA", "Keep the principal components: the directions of most variance"],
  ["random", "random", "Keep random directions, to compare with"],
  ["variance", "highest variance", "Keep the elements of highest variance; the others become their mean"],
  ["quantise", "quantise", "Round every number to a few levels"],
];

export const AXES: readonly (readonly [CompressionAxis, string, string])[] = [
  ["channels", "channels", "One matrix, the same at every position"],
  ["all", "all", "All elements of a sample as one vector"],
];

export const basisName = (basis: CompressionSetting["basis"]): string =>
  BASES.find(([value]) => value === basis)?.[1] ?? basis;

/** Whether two frames speak of the same compression. */
export const same = (a: CompressionSetting, b: CompressionSetting): boolean =>
  a.layer === b.layer && a.basis === b.basis && a.axis === b.axis && a.rank === b.rank;

/** Whether they differ by their rank at most: one fit serves both. */
export const sameFit = (a: CompressionSetting, b: CompressionSetting): boolean => same({ ...a, rank: b.rank }, b);

/** Whether the same other layers are compressed in the same way. */
export const sameOthers = (a: readonly CompressionSetting[], b: readonly CompressionSetting[]): boolean =>
  a.length === b.length && a.every((one, i) => same(one, b[i]!));
