// All that a drawing of the channels depends on.
import type { DeadFrame } from "../frames";
import { counted } from "../ui/format";
import type { Arrangement } from "./arrange";
import type { Picture } from "./picture";
import { type Settings, windowOf } from "./settings";

export interface Dead {
  readonly flags: Uint8Array;
  /** What was looked at: "256 samples", "all 20 samples". */
  readonly over: string;
}

export const deadOf = ({ header, arrays }: DeadFrame): Dead => ({
  flags: arrays.dead.data,
  over: `${header.all ? "all " : ""}${counted(header.samples, "sample")}`,
});

export interface Scene {
  readonly picture: Picture;
  readonly settings: Settings;
  readonly order: Uint32Array;
  readonly ramp: Uint32Array;
  /** null until the kernel has looked. */
  readonly dead: Dead | null;
}

export interface Placed extends Scene {
  readonly arrangement: Arrangement;
}

/** A window of the content, in CSS pixels, and how many device pixels one of them is. */
export interface Sight {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
}

/** The range of a channel's pixel codes. */
export const codeRange = ({ arrays }: Picture, channel: number): [number, number] => [
  arrays.low.data[channel]!,
  arrays.high.data[channel]!,
];

/** The values at the ends of the colour map, for a channel. */
export const windowAt = ({ settings, picture }: Scene, channel: number): [number, number] =>
  windowOf(settings, picture, channel);

export const isDead = ({ dead }: Scene, channel: number): boolean => dead?.flags[channel] === 1;

/** The values that bars and lines are drawn between: the window, with zero in it for bars. */
export function scaleOf(scene: Scene, channel: number | undefined, zero: boolean): [number, number] {
  const [from, to] = windowOf(scene.settings, scene.picture, channel);
  const [low, high] = zero ? [Math.min(0, from), Math.max(0, to)] : [from, to];
  return high > low ? [low, high] : [low, low + 1];
}
