// Numbers as people read them.

const MINUS = "\u2212";
const sign = (text: string): string => text.replace(/-/g, MINUS);

/** A measured value in `digits` significant digits: "0.4213", "−12.5", "1.2e−5", "NaN", "∞". */
export function number(value: number, digits = 4): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : `${MINUS}∞`;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) return sign(trim(value.toExponential(Math.max(0, digits - 2))));
  return sign(trim(value.toPrecision(digits).includes("e") ? value.toFixed(0) : value.toPrecision(digits)));
}

// "0.500" -> "0.5", "3.00e+6" -> "3e6"
const trim = (text: string): string => {
  const [mantissa = "", power] = text.split("e");
  const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  return power === undefined ? short : `${short}e${power.replace("+", "")}`;
};

/** A count: "3,000". */
export const count = (value: number): string => value.toLocaleString("en");

/** A count with its noun: "1 token", "12 tokens". */
export const counted = (value: number, noun: string, plural = `${noun}s`): string =>
  `${count(value)} ${value === 1 ? noun : plural}`;

/** A fraction of one as a percentage: "98.6 %". Only a whole says 0 % or 100 %. */
export function percent(fraction: number, digits = 1): string {
  if (!Number.isFinite(fraction)) return "\u2013";
  if (fraction === 0 || fraction === 1) return `${100 * fraction} %`;
  const least = 10 ** -digits;
  if (fraction > 0 && 100 * fraction < least) return `< ${least} %`;
  if (fraction < 1 && 100 * fraction > 100 - least) return `> ${100 - least} %`;
  return `${(100 * fraction).toFixed(digits)} %`;
}

/** A change of a share in percentage points: "−0.6", "0.0", "+1.2". */
export function points(change: number): string {
  const text = (100 * change).toFixed(1);
  return Number(text) === 0 ? "0.0" : sign(change > 0 ? `+${text}` : text);
}

/** Seconds in words: "5 s", "2 min". */
export const duration = (seconds: number): string =>
  seconds < 90 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`;

/** A shape: "64 × 56 × 56"; "scalar" for no axes. */
export const shapeText = (shape: readonly number[]): string => (shape.length ? shape.join(" × ") : "scalar");

/** A count in little room: "512", "36.9 k", "1.2 M". */
export function compact(value: number): string {
  if (value < 1000) return count(value);
  // Rounding may carry into the next unit: 999,950 is 1 M, not 1,000 k.
  const power = Math.min(4, Math.floor(Math.log10(Number(value.toPrecision(3))) / 3));
  const scaled = value / 1000 ** power;
  return `${count(Number(scaled.toFixed(scaled >= 99.95 ? 0 : 1)))} ${["", "k", "M", "G", "T"][power]}`;
}
