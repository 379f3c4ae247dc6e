// Samples by what a person types: "3", "cat", "12, 40-60", "wrong", "label:3 predicted:8".
import { isolated, shortened } from "../ui/names";
import { isRight, type Known, type Property } from "./colouring";

/** The samples that match, ascending; or what is wrong with the text; or that the predictions must be made first. */
export type Answer =
  | { kind: "found"; samples: Uint32Array }
  | { kind: "problem"; problem: string }
  | { kind: "unpredicted" };

export const EXAMPLES = `Classes, sample numbers and ranges, "wrong" or "right"; "," means or, a space between conditions means and.
Examples: cat   12, 40-60   wrong   label:3 predicted:8   sample:3`;

type Test = (sample: number) => boolean;

class Problem extends Error {}
/** Found only once all of the text was read: what else is wrong with it is said without waiting for predictions. */
const UNPREDICTED: Test = () => false;

/** Codes of the classes meant: the one of exactly this name, else all whose name begins so. */
function classesOf(property: Property, text: string): number[] {
  const wanted = text.toLowerCase();
  const names = property.names.map((name) => name.toLowerCase());
  const exact = names.flatMap((name, i) => (name === wanted ? [i] : []));
  return exact.length ? exact : names.flatMap((name, i) => (name.startsWith(wanted) ? [i] : []));
}

const few = (names: readonly string[]): string => {
  const shown = shortened(names.length > 6 ? names.slice(0, 5) : names, 32).map(isolated);
  return (names.length > 6 ? [...shown, "…"] : shown).join(", ");
};

function byClass(property: Property | undefined, text: string, missing: string): Test {
  if (!property?.codes) throw new Problem(missing);
  const classes = new Set(classesOf(property, text));
  if (!classes.size) throw new Problem(`No class is called "${text}". The classes: ${few(property.names)}.`);
  const codes = property.codes;
  return (sample) => classes.has(codes[sample]!);
}

function bySample(text: string, total: number): Test | undefined {
  const range = /^(\d+)(?:\s*[-–]\s*(\d+))?$/.exec(text);
  if (!range) return undefined;
  const first = Number(range[1]);
  const last = Number(range[2] ?? range[1]);
  if (first > last) throw new Problem(`"${text}" runs backwards: write ${last}-${first}.`);
  if (first >= total) throw new Problem(`There is no sample ${first}: the last one is ${total - 1}.`);
  return (sample) => sample >= first && sample <= last;
}

/** Whether a sample was predicted right, undefined where it has no label; null: the predictions are not known. */
function verdict({ properties }: Known): ((sample: number) => boolean | undefined) | null {
  const { correct, prediction, class: labels } = properties;
  if (correct?.codes) {
    const right = correct.names.findIndex(isRight);
    const { codes, names } = correct;
    return (sample) => (codes[sample]! < names.length ? codes[sample] === right : undefined);
  }
  if (!labels?.codes) throw new Problem("The data has no labels, so no prediction is right or wrong.");
  if (!prediction?.codes) return null;
  const [said, meant] = [prediction.codes, labels.codes];
  return (sample) => {
    const [a, b] = [prediction.names[said[sample]!], labels.names[meant[sample]!]];
    return a === undefined || b === undefined ? undefined : a === b;
  };
}

function byWord(word: string, known: Known): Test | undefined {
  const wanted = /^(right|correct)$/i.test(word)
    ? true
    : /^(wrong|incorrect|misclassified)$/i.test(word)
      ? false
      : null;
  if (wanted === null) return undefined;
  const judged = verdict(known);
  return judged ? (sample) => judged(sample) === wanted : UNPREDICTED;
}

/** All of these conditions. */
const both = (tests: readonly Test[]): Test =>
  tests.includes(UNPREDICTED) ? UNPREDICTED : (sample) => tests.every((test) => test(sample));

const KEYS = /(?:^|\s)(label|class|predicted|prediction|sample)\s*[:=]\s*/gi;

/** One condition without "key:". */
function bare(text: string, known: Known): Test {
  const { class: labels } = known.properties;
  // A class of that name comes before the sample of that number: with digits "3" means the threes.
  const named = labels?.codes && classesOf(labels, text).length > 0;
  if (named && labels.names.some((name) => name.toLowerCase() === text.toLowerCase())) return byClass(labels, text, "");
  const test = byWord(text, known) ?? bySample(text, known.total);
  if (test) return test;
  if (named) return byClass(labels, text, "");
  if (/\s/.test(text)) {
    return both(text.split(/\s+/).map((part) => bare(part, known)));
  }
  throw new Problem(
    labels
      ? `"${text}" is no class, sample number or range. The classes: ${few(labels.names)}.`
      : `"${text}" is no sample number or range such as 40-60, and the data has no labels.`,
  );
}

/** The conditions between two commas: all must hold. */
function all(part: string, known: Known): Test {
  const { class: labels, prediction } = known.properties;
  const keys = [...part.matchAll(KEYS)];
  const tests: Test[] = [];
  const before = part.slice(0, keys[0]?.index ?? part.length).trim();
  if (before) tests.push(bare(before, known));
  keys.forEach((key, i) => {
    const value = part.slice(key.index + key[0].length, keys[i + 1]?.index ?? part.length).trim();
    const name = key[1]!.toLowerCase();
    if (!value) throw new Problem(`"${key[0].trim()}" needs a value after it, such as ${name}:3.`);
    if (name === "sample") {
      const test = bySample(value, known.total);
      if (!test) throw new Problem(`"${value}" is no sample number or range such as 40-60.`);
      tests.push(test);
    } else if (name === "label" || name === "class") tests.push(byClass(labels, value, "The data has no labels."));
    else tests.push(prediction?.codes ? byClass(prediction, value, "") : UNPREDICTED);
  });
  return both(tests);
}

/** Find the samples among `shown` (the sample of each point). */
export function matching(text: string, known: Known, shown: Uint32Array): Answer {
  const parts = text.split(",").flatMap((part) => part.trim() || []);
  try {
    const tests = parts.map((part) => all(part, known));
    if (tests.includes(UNPREDICTED)) return { kind: "unpredicted" };
    const samples = shown.filter((sample) => tests.some((test) => test(sample))).sort();
    if (parts.length && !samples.length) {
      return { kind: "problem", problem: `No point shown matches "${text.trim()}".` };
    }
    return { kind: "found", samples };
  } catch (problem) {
    if (problem instanceof Problem) return { kind: "problem", problem: problem.message };
    throw problem;
  }
}
