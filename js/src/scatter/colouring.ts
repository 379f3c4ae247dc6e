// What each point is coloured by, from what the kernel said of all samples.
import type { ColourBy, ColoursFrame, LabelsFrame } from "../frames";
import { category, NOTHING, PLAIN, type Rgb, RIGHT, shade, WRONG } from "./palette";
import { type Scale, scaleOf } from "./scale";

/** No label, no prediction. */
export const NO_CODE = 0xffffffff;

/** A property of every sample: a category each, or a value each. */
export interface Property {
  label: string;
  names: string[];
  /** Of the categories, where these have colours of their own. */
  colours?: Rgb[];
  codes?: Uint32Array;
  values?: Float32Array;
  /** Of the values. */
  scale?: Scale;
}

/** Everything known of the samples so far; colours are kept by what they show, so going back costs no round trip. */
export interface Known {
  by: ColourBy;
  total: number;
  properties: Partial<Record<ColourBy, Property>>;
  unavailable: Partial<Record<ColourBy, string>>;
}

export const nothingKnown = (): Known => ({ by: "class", total: 0, properties: {}, unavailable: {} });

export function withLabels(known: Known, { header, arrays }: LabelsFrame): Known {
  const properties = { ...known.properties };
  const unavailable = { ...known.unavailable };
  delete properties.class;
  delete unavailable.class;
  if (arrays.labels) {
    properties.class = { label: "class", names: header.classes, codes: arrays.labels.data };
  } else unavailable.class = "The data has no labels.";
  return { ...known, total: header.total, properties, unavailable };
}

/** Whether a category of "correct" is the good one. */
export const isRight = (name: string): boolean => /^(right|correct)/i.test(name);

export function withColours(known: Known, { header, arrays }: ColoursFrame): Known {
  const { by, label, names, low, high } = header;
  const properties = { ...known.properties };
  // The labels have come already: of the classes the kernel need not send them again.
  if (arrays.codes || arrays.values) {
    const colours = by === "correct" ? names.map((name) => (isRight(name) ? RIGHT : WRONG)) : undefined;
    const values = arrays.values?.data;
    const scale = values && scaleOf(values, low, high);
    properties[by] = { label, names, colours, codes: arrays.codes?.data, values, scale };
  }
  if (header.scope === "know") return { ...known, properties };
  const labels = known.unavailable.class;
  return { ...known, by, properties, unavailable: { ...(labels && { class: labels }), ...header.unavailable } };
}

/** What is told of the samples' predictions is true no longer. */
export function withoutPredictions(known: Known): Known {
  const { prediction: _, correct: __, loss: ___, ...properties } = known.properties;
  return { ...known, properties };
}

/** Values share this many colours. */
export const SHADES = 256;

export interface Painted {
  /** Entry of `table` for each point. */
  codes: Uint16Array;
  table: Rgb[];
  /** Points of each category, of those without one last; [] for values. */
  counts: number[];
  /** Of the categories that have names of their own; []: none. */
  names: string[];
}

/** The colours of these samples on a ground. */
export function painted(property: Property | undefined, samples: Uint32Array, ground: Rgb): Painted {
  const codes = new Uint16Array(samples.length);
  if (property?.values && property.scale) {
    const { values, scale } = property;
    const table = Array.from({ length: SHADES }, (_, i) => shade(i / (SHADES - 1), ground));
    table.push(NOTHING);
    for (let i = 0; i < samples.length; i++) {
      const t = scale.at(values[samples[i]!] ?? Number.NaN);
      codes[i] = Number.isNaN(t) ? SHADES : Math.round(t * (SHADES - 1));
    }
    return { codes, table, counts: [], names: [] };
  }
  if (property?.codes) {
    const kinds = property.names.length;
    const table = Array.from({ length: kinds }, (_, i) => property.colours?.[i] ?? category(i));
    table.push(NOTHING);
    const counts = new Array<number>(kinds + 1).fill(0);
    for (let i = 0; i < samples.length; i++) {
      const code = Math.min(property.codes[samples[i]!] ?? NO_CODE, kinds);
      codes[i] = code;
      counts[code]!++;
    }
    return { codes, table, counts, names: property.colours ? [] : property.names };
  }
  return { codes, table: [PLAIN], counts: [], names: [] };
}

/** A sample's category or value in words; "" when it is not known. */
export function nameOf(property: Property | undefined, sample: number): string {
  const code = property?.codes?.[sample];
  return code === undefined ? "" : (property!.names[code] ?? "");
}
