// Colours of points: clear of each other, and of the grounds of both themes by a contrast of 3 at least.
import { colourAt } from "../ui/colormaps";
import { luminance, type Rgb } from "../ui/contrast";

export type { Rgb };

/** What has no class, no prediction, no value. */
export const NOTHING: Rgb = [128, 132, 138];
/** Predicted right, and wrong: red is for mistakes only, so that no class has it. */
export const RIGHT: Rgb = [84, 140, 196];
export const WRONG: Rgb = [216, 38, 48];
/** All points, where nothing tells them apart. */
export const PLAIN: Rgb = [58, 130, 200];

// In the order of Tableau's and matplotlib's tens: blue, orange, green, plum for their red, violet, brown, pink, gold for
// their grey, which here means "none", cyan, olive.
const TEN = "2f7fd0dd74071f9447b0447a8f62d68f6440dd62c0a88a000f98ab7a9a10";
// Each as far as can be from all before it, in CIELAB, among the colours that stand out from both grounds.
const NEXT = "aa00ffff00dd5d52ff89995caa83c300a300218368bf47eb0a7cfff500a3";

const hex = (i: number): Rgb => {
  const rgb = Number.parseInt((TEN + NEXT).slice(6 * i, 6 * i + 6), 16);
  return [rgb >> 16, (rgb >> 8) & 255, rgb & 255];
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

// Between these luminances a colour stands out from #fff as well as from JupyterLab's #212121 and #111.
const LUMINANCES = [0.16, 0.215, 0.28];
const SATURATIONS = [0.75, 0.45];

/** The colour of a hue that is as light to the eye as wanted. */
function toned(hue: number, saturation: number, wanted: number): Rgb {
  let [low, high] = [0, 1];
  for (let i = 0; i < 12; i++) {
    const middle = (low + high) / 2;
    if (luminance(hsl(hue, saturation, middle)) < wanted) low = middle;
    else high = middle;
  }
  return hsl(hue, saturation, (low + high) / 2);
}

/** The colour of a category: twenty, then hues a golden angle apart, which come close but never meet. */
export function category(i: number): Rgb {
  if (i < 20) return hex(i);
  const hue = (i * 137.508) % 360;
  // Orange to violet: pure red is for mistakes.
  return toned(20 + (hue * 320) / 360, SATURATIONS[i % 2]!, LUMINANCES[i % 3]!);
}

/** The colour of a value from 0 to 1: the part of viridis that stands out from the ground, the higher the lighter. */
export const shade = (t: number, ground: Rgb): Rgb =>
  colourAt("viridis", luminance(ground) > 0.18 ? 0.57 * t : 0.4 + 0.6 * t);

export const css = ([r, g, b]: Rgb): string => `rgb(${r} ${g} ${b})`;
