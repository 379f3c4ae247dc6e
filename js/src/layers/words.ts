// What is said of a layer, in words.
import { counted, shapeText } from "../ui/format";
import type { Node } from "./tree";

const BADGES = {
  seen: "",
  "never called": "never called",
  "no tensor output": "no tensor",
  "inside a compiled module": "compiled",
  "inside a scripted module": "scripted",
} as const;

/** Why a layer cannot be chosen, in a word or two; "" where it can. */
export const badge = (node: Node): string =>
  node.row.status === "never called" && node.holdsSeen ? "container" : BADGES[node.row.status];

/** The facts of a layer: "Conv2d · 64 × 56 × 56 · 200,704 values · 36,864 parameters". */
export const facts = ({ row }: Node): string =>
  [
    row.kind,
    row.shape && shapeText(row.shape),
    row.size !== null && counted(row.size, "value"),
    counted(row.parameters, "parameter"),
  ]
    .filter(Boolean)
    .join(" · ");

const sentence = (text: string): string => (text && !/[.!?]$/.test(text) ? `${text}.` : text);
// A first word that is a name ("nn.Linear") keeps its letters.
const capital = (text: string): string =>
  text.replace(/^[a-z]+(?=\s)/, (word) => word[0]!.toUpperCase() + word.slice(1));

/** What a reader should know beyond the facts: first, why the layer cannot be chosen. */
export function note(node: Node): string {
  const { status, note: said } = node.row;
  const text = sentence(said);
  if (node.choosable) return capital(text);
  return `Cannot be shown: ${text || sentence(status)}`;
}
