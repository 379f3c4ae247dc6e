// Colour maps, and the tables that turn values and pixel codes into colours.

export const SEQUENTIAL = ["viridis", "magma", "inferno", "gray"] as const;
export type MapName = (typeof SEQUENTIAL)[number] | "signed";

// 33 colours each, evenly spaced, joined by straight lines: within 4 of 255 of matplotlib 3.11's tables of the same
// names ("signed" is its PuOr_r: purple below zero, orange above, the middle a neutral light grey; red is for mistakes).
const ANCHORS: Record<MapName, string> = {
  viridis:
    "440154470d6048186a482374472d7b4536814240863f49893b528b375a8d33638d2f6a8e2c728e297a8e26818e23898e21908c" +
    "1f988b1f9f8821a68528ae8031b57b3ebc744cc26c5dc9636ece5882d34c96d83fabdc32c0df24d5e21aeae51afde725",
  magma:
    "0000040303110a0822130d331d114628115a36106a430f7650127c5d177f691c817621818226818f2a819c2e7fa9327db63779" +
    "c33b75cf4170db486ae65163ee5c5ef5695cf9785dfb8761fd9668fea571feb47bfec387fed194fde0a2fceeb0fcfdbf",
  inferno:
    "0000040403120b0724150b37210c4a2e0a5a3c09654a0c6b57106d63146e70196e7d1e6d89226a962766a32b61af315cbb3755" +
    "c63e4dd14644db4f3be35932eb6528f1711ef67f14f98d0afb9c06fcab0ffbba1ff9ca32f5d949f2e865f3f586fcffa4",
  gray: "000000ffffff",
  signed:
    "2d004b390c5e4518715225845f3a916d529c7b6aa88a7eb39990bfa9a1cbb7b1d5c3c0ddcfcfe5dadcece4e5f0eeeef3f7f7f7" +
    "f9efe1fce8cdfee1b9fed59ffdc885fdbc6bf7ac52ee9b39e58a20d97b12cb6e0dbd6109ae55069e4c078d43077f3b08",
};

/** What is no number has colours of its own, which no map contains. */
export const NAN_COLOUR = "#ff00d4";
export const POSITIVE_INFINITY_COLOUR = "#00e5ff";
export const NEGATIVE_INFINITY_COLOUR = "#39ff14";

const channelsOf = (hex: string): [number, number, number] => {
  const rgb = Number.parseInt(hex.replace("#", ""), 16);
  return [rgb >> 16, (rgb >> 8) & 255, rgb & 255];
};
// The order of bytes in ImageData, read as one little-endian number: every machine a browser runs on is little-endian.
const pack = (r: number, g: number, b: number): number => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
const packHex = (hex: string): number => pack(...channelsOf(hex));

const NAN = packHex(NAN_COLOUR);
const POSITIVE = packHex(POSITIVE_INFINITY_COLOUR);
const NEGATIVE = packHex(NEGATIVE_INFINITY_COLOUR);

/** Steps of a ramp; even, so that the middle of a signed map has an entry of its own. */
export const STEPS = 1024;

/** The colour of a map at t in [0, 1], as 0..255 each. */
export function colourAt(name: MapName, t: number): [number, number, number] {
  const anchors = ANCHORS[name];
  const last = anchors.length / 6 - 1;
  const at = Math.min(1, Math.max(0, t)) * last;
  const i = Math.min(last - 1, Math.floor(at));
  const a = channelsOf(anchors.slice(6 * i, 6 * i + 6));
  const b = channelsOf(anchors.slice(6 * i + 6, 6 * i + 12));
  const mix = (k: 0 | 1 | 2): number => Math.round(a[k] + (b[k] - a[k]) * (at - i));
  return [mix(0), mix(1), mix(2)];
}

/** t in [0, 1] bent by gamma: from the bottom up, or for a signed map from the middle to both sides. */
export function bend(t: number, gamma: number, signed: boolean): number {
  if (gamma === 1) return t;
  if (!signed) return t ** gamma;
  const u = 2 * t - 1;
  return (1 + Math.sign(u) * Math.abs(u) ** gamma) / 2;
}

/** A colour map with gamma in it, as STEPS + 1 packed colours: computed once, so that a tile costs no powers. */
export function makeRamp(name: MapName, gamma = 1): Uint32Array {
  const ramp = new Uint32Array(STEPS + 1);
  for (let i = 0; i <= STEPS; i++) ramp[i] = pack(...colourAt(name, bend(i / STEPS, gamma, name === "signed")));
  return ramp;
}

/** Where a finite value falls on a ramp whose ends are `from` and `to`. */
export function stepOf(value: number, from: number, to: number): number {
  if (!(to > from)) return value > to ? STEPS : 0;
  const t = (value - from) / (to - from);
  return t <= 0 ? 0 : t >= 1 ? STEPS : Math.round(t * STEPS);
}

/** The colour of any value, finite or not. */
export function colourOf(value: number, ramp: Uint32Array, from: number, to: number): number {
  if (Number.isNaN(value)) return NAN;
  if (value === Infinity) return POSITIVE;
  if (value === -Infinity) return NEGATIVE;
  return ramp[stepOf(value, from, to)]!;
}

/**
 * Fill a table of 256 packed colours, one for each pixel code of a tile whose codes 0..252 run from low to high.
 * `alpha` (0..255) dims the finite ones: what is no number stays bright.
 */
export function fillTable(
  table: Uint32Array,
  ramp: Uint32Array,
  [low, high]: readonly [number, number],
  [from, to]: readonly [number, number],
  alpha = 255,
): void {
  const step = (high - low) / 252;
  const mask = ((alpha << 24) | 0xffffff) >>> 0;
  for (let code = 0; code <= 252; code++) table[code] = (ramp[stepOf(low + code * step, from, to)]! & mask) >>> 0;
  table[253] = NEGATIVE;
  table[254] = POSITIVE;
  table[255] = NAN;
}

/** A map as a CSS gradient, for a colour bar. */
export function gradient(ramp: Uint32Array, direction = "to right"): string {
  const stops: string[] = [];
  for (let i = 0; i <= 32; i++) {
    const c = ramp[Math.round((i / 32) * STEPS)]!;
    stops.push(`rgb(${c & 255} ${(c >> 8) & 255} ${(c >> 16) & 255})`);
  }
  return `linear-gradient(${direction}, ${stops.join(", ")})`;
}
