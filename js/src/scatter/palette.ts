// Colours of categories: clear of each other and of both themes' grounds.
export type Rgb = readonly [number, number, number];

/** What has no class, no prediction, no value. */
export const NOTHING: Rgb = [140, 144, 150];
/** Predicted right, and wrong: the few wrong ones stand out, for the colour-blind too. */
export const RIGHT: Rgb = [112, 158, 204];
export const WRONG: Rgb = [216, 38, 48];
/** All points, where nothing tells them apart. */
export const PLAIN: Rgb = [58, 130, 200];

// The order of Tableau's and matplotlib's tens, with gold for their grey, which here means "none".
const TEN = "2f7fd0f28518239b46d8353a8f62d68f5a38f07fc4dcb40018b3c994b81f";

const hex = (i: number): Rgb => {
  const rgb = Number.parseInt(TEN.slice(6 * i, 6 * i + 6), 16);
  return [rgb >> 16, (rgb >> 8) & 255, rgb & 255];
};
const mixed = (colour: Rgb, to: number, share: number): Rgb => {
  const [r, g, b] = colour.map((v) => Math.round(v + (to - v) * share));
  return [r!, g!, b!];
};
/** A hue in degrees, saturation and lightness in [0, 1], as 0..255 each (CSS Color 4, section 7.1). */
function hsl(hue: number, saturation: number, lightness: number): Rgb {
  const part = (n: number): number => {
    const k = (n + hue / 30) % 12;
    const a = saturation * Math.min(lightness, 1 - lightness);
    return Math.round(255 * (lightness - a * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [part(0), part(8), part(4)];
}

/** The colour of a category: ten, then their paler kin, then hues a golden angle apart, which come close but never meet. */
export function category(i: number): Rgb {
  if (i < 10) return hex(i);
  if (i < 20) return mixed(hex(i - 10), 255, 0.42);
  return hsl((i * 137.508) % 360, 0.6, [0.55, 0.42, 0.66][i % 3]!);
}

export const css = ([r, g, b]: Rgb): string => `rgb(${r} ${g} ${b})`;
