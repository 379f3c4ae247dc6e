// What the monitor's judgements are called.

const KINDS: Record<string, string> = {
  dead: "dead units",
  vanishing: "vanishing",
  exploding: "exploding",
  saturated: "saturated",
  batch_norm: "batch norm dies",
  gate: "gate",
  nonfinite: "not finite",
  learning_rate: "learning rate",
  slow: "hardly learns",
  chance: "at chance",
};
/** A kind of finding in words; one that is not known here by its own name. */
export const kindName = (kind: string): string => KINDS[kind] ?? kind.replaceAll("_", " ");

/** How bad a finding is, in words. */
export const severityName = (severity: number): string =>
  severity >= 3
    ? "The run is lost unless something changes"
    : severity === 2
      ? "A part does not learn"
      : "Worth a look";
