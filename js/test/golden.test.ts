// The golden files bind what panels send, and are asked for, to the types of both sides: tsc checks them.
import { expectTypeOf, it } from "vitest";
import type { FRAMES } from "../../tests/golden/frames";
import type { FrameOf, Kind } from "../src/frames";

type Keys<T> = T extends unknown ? keyof T : never;
type Golden<K extends Kind> = (typeof FRAMES)[K][number];
type UnsentOf<K extends Kind, Part extends "header" | "arrays"> = Exclude<
  Keys<FrameOf<K>[Part]>,
  Keys<Golden<K>[Part]>
>;

it("no frame's type names anything that no panel sends", () => {
  expectTypeOf<{ [K in Kind]: UnsentOf<K, "header"> }[Kind]>().toBeNever();
  // The names of the arrays of these two are patterns.
  type Named = Exclude<Kind, "compressed" | "monitor">;
  expectTypeOf<{ [K in Named]: UnsentOf<K, "arrays"> }[Named]>().toBeNever();
});
