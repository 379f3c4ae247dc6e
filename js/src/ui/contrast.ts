// How far colours stand out from each other and from what they lie on (WCAG 2.2, "relative luminance" and "contrast ratio").

/** Red, green and blue, 0..255 each. */
export type Rgb = readonly [number, number, number];

/** Least contrast with the ground of a mark that tells something (WCAG 2.2, 1.4.11). */
export const MARK = 3;

const linear = (v: number): number => {
  const part = v / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
};

/** 0 for black, 1 for white. */
export const luminance = ([r, g, b]: Rgb): number => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);

/** From 1, alike, to 21, black on white. */
export function contrast(a: Rgb, b: Rgb): number {
  const [one, other] = [luminance(a), luminance(b)];
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

/** One colour with a share of another in it. */
export function mixed(colour: Rgb, other: Rgb, share: number): Rgb {
  const part = (i: 0 | 1 | 2): number => Math.round(colour[i] + (other[i] - colour[i]) * share);
  return [part(0), part(1), part(2)];
}

/** The grey nearest to a ground that still stands out from it by so much. */
export function greyOn(ground: Rgb, least: number): Rgb {
  const lighter = luminance(ground) < 0.18;
  for (let step = 0; step < 256; step++) {
    const v = lighter ? step : 255 - step;
    const grey: Rgb = [v, v, v];
    if (luminance(grey) > luminance(ground) === lighter && contrast(grey, ground) >= least) return grey;
  }
  return lighter ? [255, 255, 255] : [0, 0, 0];
}
