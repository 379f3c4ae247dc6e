// The columns of the quality table: what each is called, what it says, and which direction is better.
import type { QualityFrame, QualityRow } from "../frames";
import { count, percent } from "../ui/format";

export type Quality = QualityFrame["header"];
export type Space = QualityRow["method"];
export type Key = keyof Omit<QualityRow, "note">;

export interface Column {
  readonly key: Key;
  readonly name: string;
  readonly explained: string; // one sentence or two
  readonly better?: "higher" | "lower"; // absent: a description, not a measure
  readonly whole?: boolean; // a fraction of one: its bar ends at one
  readonly byClass?: boolean; // needs labels
  text(row: QualityRow): string;
}

const SPACES: Record<Space, string> = { "own space": "own space", pca: "PCA", tsne: "t-SNE", umap: "UMAP" };
/** What a space is called. */
export const spaceName = (space: Space): string => SPACES[space];
export const ALL_SPACES = Object.keys(SPACES) as Space[];

/** What stands where there is no value. */
export const NO_VALUE = "–";

type Measure = "sameClass" | "differentClass" | "toCentroid" | "betweenCentroids" | Score;
type Score = "knnAccuracy" | "leaveOneOut" | "trustworthiness";

const SHARE = "As a share of the mean distance over all pairs; ";

const distance = (key: Measure, name: string, explained: string, better: "higher" | "lower"): Column => ({
  key,
  name,
  explained: `${explained} ${SHARE}${better} is better.`,
  better,
  byClass: true,
  text: (row) => (row[key] === null ? NO_VALUE : row[key].toFixed(4)),
});
const score = (key: Score, name: string, explained: string, byClass: boolean): Column => ({
  key,
  name,
  explained: `${explained} Higher is better.`,
  better: "higher",
  whole: true,
  byClass,
  text: (row) => (row[key] === null ? NO_VALUE : byClass ? percent(row[key], 2) : row[key].toFixed(4)),
});

/** The columns for a classifier of `k` neighbours. */
export const columns = (k: number): Column[] => [
  { key: "layer", name: "Layer", explained: "Whose output is measured.", text: (row) => row.layer },
  {
    key: "model",
    name: "Model",
    explained: "Which of the two models.",
    text: (row) => row.model || NO_VALUE,
  },
  {
    key: "method",
    name: "Space",
    explained: "Where distances are taken: between the layer's outputs themselves, or between points in the plane.",
    text: (row) => spaceName(row.method),
  },
  {
    key: "samples",
    name: "Samples",
    explained: "How many samples were measured.",
    text: (row) => (row.samples === null ? NO_VALUE : count(row.samples)),
  },
  distance("sameClass", "Same class", "How far apart two samples of one class are.", "lower"),
  distance("differentClass", "Different class", "How far apart two samples of different classes are.", "higher"),
  distance("toCentroid", "To centroid", "How far samples are from the centre of their own class.", "lower"),
  distance("betweenCentroids", "Between centroids", "How far apart the centres of two classes are.", "higher"),
  score(
    "knnAccuracy",
    `${k}-neighbour accuracy`,
    `k-NN: how often the class is the commonest among the ${k} nearest samples, the sample itself being one of them.`,
    true,
  ),
  score(
    "leaveOneOut",
    "Leave-one-out accuracy",
    `k-NN: how often the class is the commonest among the ${k} nearest other samples: the sample itself does not count.`,
    true,
  ),
  score(
    "trustworthiness",
    "Trustworthiness",
    "How far neighbours in the plane are neighbours in the layer's own space as well; 1: all are.",
    false,
  ),
];

/** Why a measure has no value in a row; "" where it has one. */
export function whyNone(row: QualityRow, column: Column, noLabels: string): string {
  if (row[column.key] !== null) return "";
  if (column.byClass && noLabels) return noLabels;
  if (column.key === "trustworthiness" && row.method === "own space")
    return "Compares a plane with the layer's own space: the own space has nothing to be compared with.";
  return row.note || "Not measured.";
}
