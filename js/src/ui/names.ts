// Names of classes: of any length, in any script, in little room, and still told apart.
import { h, type Props } from "./dom";

// What is cut off the front of all names must be worth it, and must end where a word ends.
const LEAST_PREFIX = 6;
// A name is cut in its middle, since the ends tell names apart; its end is the longer part.
const TAIL = 0.6;

// Firefox has it since 125.
const letters = "Segmenter" in Intl ? new Intl.Segmenter(undefined, { granularity: "grapheme" }) : null;
/** What a reader sees as letters: an accent or a part of an emoji is never cut off. ASCII takes the short way. */
const split = (text: string): string[] =>
  !letters || /^[\x20-\x7e]*$/.test(text) ? [...text] : Array.from(letters.segment(text), ({ segment }) => segment);

/** How many characters all of these names begin with, up to the end of a word. */
function commonPrefix(names: readonly string[]): number {
  const [first = ""] = names;
  if (names.length < 2) return 0;
  let length = first.length;
  for (const name of names) {
    let same = 0;
    while (same < length && name[same] === first[same]) same++;
    length = same;
    if (length < LEAST_PREFIX) return 0;
  }
  const words = /^.*[\s_\-./:]/su.exec(first.slice(0, length));
  return words && words[0].length >= LEAST_PREFIX ? words[0].length : 0;
}

const middle = (text: string, most: number): string => {
  if (text.length <= most) return text;
  const parts = split(text);
  if (parts.length <= most) return text;
  const tail = Math.round((most - 1) * TAIL);
  return `${parts.slice(0, most - 1 - tail).join("")}\u2026${parts.slice(parts.length - tail).join("")}`;
};

/** Of names that are alike after shortening: the part in which each differs from the first, in place of its beginning. */
function apart(names: readonly string[], most: number): string[] {
  const [first = ""] = names;
  return names.map((name, i) => {
    const other = i ? first : (names[1] ?? "");
    let at = 0;
    while (at < name.length && name[at] === other[at]) at++;
    const rest = split(name.slice(Math.max(0, at - 2)));
    return `\u2026${rest.length < most ? rest.join("") : `${rest.slice(0, most - 2).join("")}\u2026`}`;
  });
}

/**
 * Names in at most so many letters each, in their order: without the beginning that all share, then cut in the middle.
 * Different names stay different as far as the room allows.
 */
export function shortened(names: readonly string[], most: number): string[] {
  if (names.every((name) => name.length <= most)) return [...names];
  const prefix = commonPrefix(names);
  const short = names.map((name) => middle(prefix ? `\u2026${name.slice(prefix)}` : name, most));
  const alike = new Map<string, number[]>();
  short.forEach((text, i) => {
    const places = alike.get(text);
    if (places) places.push(i);
    else alike.set(text, [i]);
  });
  for (const places of alike.values()) {
    const different = new Set(places.map((i) => names[i]!));
    if (different.size < 2) continue;
    const found = apart([...different], most);
    const texts = new Map([...different].map((name, i) => [name, found[i]!]));
    for (const i of places) short[i] = texts.get(names[i]!)!;
  }
  return short;
}

/** A name in the text of a page: as written, whatever its script; the whole of it in its title. */
export const nameTag = (name: string, short = name, props: Props = {}): HTMLElement =>
  h("bdi", { dir: "auto", title: name, ...props }, short);

const RIGHT_TO_LEFT = /[\u0590-\u08ff\u200f\u202b\u202e\u2067\ufb1d-\ufdff\ufe70-\ufefc]/;
/** A name within a plain text, such as a title: one from right to left does not reorder what is around it (UAX #9). */
export const isolated = (name: string): string => (RIGHT_TO_LEFT.test(name) ? `\u2068${name}\u2069` : name);
