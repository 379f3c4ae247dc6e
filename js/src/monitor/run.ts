// What is known of a training run: put together from the frames, each of which says only what is new.
import type { MonitorFrame, TrackHeader } from "../frames";
import type { NdArray, Numbers } from "../wire";

/** Numbers over the steps of a run, `[R]` each; and the values' histograms as codes, `[R, B]`. */
export interface Track {
  readonly steps: Float64Array;
  readonly spans: Float64Array;
  readonly numbers: ReadonlyMap<string, Float32Array>;
  readonly codes: Uint8Array;
  readonly anew: readonly number[]; // records before which there was none for long
  readonly interval: number; // usual steps between two records
  readonly shown: readonly [number, number] | undefined; // the bins with something in them
  readonly ticks: readonly (readonly [at: number, text: string])[];
}

type Header = MonitorFrame["header"];
type Said = Required<
  Pick<
    Header,
    "rows" | "findings" | "verdicts" | "chosen" | "marks" | "otherMarks" | "told" | "can" | "weights" | "end"
  >
>;

export interface Run {
  readonly now: Header;
  readonly arrays: MonitorFrame["arrays"];
  readonly said: Said;
  readonly tracks: ReadonlyMap<string, Track>;
  readonly edges: Float64Array; // of the bins
}

const NOTHING_SAID: Said = {
  rows: [],
  findings: null,
  verdicts: {},
  chosen: { layers: [], channel: null, between: null, missing: "" },
  marks: [],
  otherMarks: [],
  told: [],
  can: { weights: false, compared: false, layers: 1 },
  weights: false,
  end: 1,
};

/** The first `from` numbers of what was there, then the new ones. */
function joined<T extends Float64Array | Float32Array | Uint8Array>(
  before: T | undefined,
  from: number,
  after: ArrayLike<number>,
  make: (length: number) => T,
): T {
  const whole = make(from + after.length);
  if (before) whole.set(before.subarray(0, from));
  whole.set(after, from);
  return whole;
}

function trackOf(
  before: Track | undefined,
  about: TrackHeader,
  pieces: ReadonlyMap<string, NdArray<Numbers>>,
  bins: number,
): Track {
  const { from } = about;
  const steps = pieces.get("steps")?.data ?? [];
  const names = about.numbers ?? [...(before?.numbers.keys() ?? [])];
  const rows = pieces.get("numbers")?.data;
  const numbers = new Map<string, Float32Array>();
  names.forEach((name, row) => {
    const values = rows?.subarray(row * steps.length, (row + 1) * steps.length) ?? [];
    const old = before?.numbers.get(name);
    numbers.set(
      name,
      joined(old, from, values, (n) => new Float32Array(n)),
    );
  });
  const codes = joined(before?.codes, from * bins, new Uint8Array(steps.length * bins), (n) => new Uint8Array(n));
  const sent = pieces.get("codes")?.data;
  if (sent && about.bins) {
    const [low, high] = about.bins;
    const wide = high - low;
    for (let record = 0; record < steps.length; record++)
      for (let bin = 0; bin < wide; bin++) codes[(from + record) * bins + low + bin] = sent[record * wide + bin]!;
  }
  const ones = new Float64Array(steps.length).fill(1);
  return {
    anew: about.anew ?? [],
    interval: about.interval ?? 1,
    shown: about.shown ?? before?.shown,
    ticks: about.ticks ?? before?.ticks ?? [],
    numbers,
    codes,
    steps: joined(before?.steps, from, steps, (n) => new Float64Array(n)),
    spans: joined(before?.spans, from, pieces.get("spans")?.data ?? ones, (n) => new Float64Array(n)),
  };
}

/** The run as it is after a frame. */
export function after(before: Run | undefined, { header, arrays }: MonitorFrame): Run {
  const known = header.follows ? before : undefined;
  const said: Said = { ...(known?.said ?? NOTHING_SAID) };
  for (const name of Object.keys(NOTHING_SAID) as (keyof Said)[])
    if (header[name] !== undefined) Object.assign(said, { [name]: header[name] });
  const edges = arrays.edges?.data ?? known?.edges ?? new Float64Array(1);
  const tracks = new Map(known?.tracks);
  for (const name of header.gone ?? []) tracks.delete(name);
  header.tracks.forEach((about, place) => {
    const pieces = new Map<string, NdArray<Numbers>>();
    for (const [name, array] of Object.entries(arrays))
      if (array && name.startsWith(`${place}.`)) pieces.set(name.slice(`${place}.`.length), array);
    tracks.set(about.name, trackOf(tracks.get(about.name), about, pieces, edges.length - 1));
  });
  return { now: header, arrays, said, tracks, edges };
}
