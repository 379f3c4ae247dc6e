// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { bytes } from "../src/compression/facts";
import { same, sameFit, sameOthers } from "../src/compression/setting";
import { curvePath, placeOf, rankAt, stepped } from "../src/compression/slider";
import { pictureOf, scalesOf } from "../src/compression/tiles";
import type { CompressionSetting } from "../src/frames";
import { compressedFrame } from "./compression_frames";

const SETTING: CompressionSetting = { layer: "conv1", basis: "pca", axis: "channels", rank: 4 };

it("finds each rank again at its place, and nothing beyond the ends", () => {
  for (const full of [1, 2, 7, 64, 4096])
    for (let rank = 1; rank <= full; rank += full > 100 ? 37 : 1) expect(rankAt(placeOf(rank, full), full)).toBe(rank);
  expect(placeOf(8, 64)).toBeCloseTo(0.5);
  expect([rankAt(-1, 64), rankAt(2, 64)]).toEqual([1, 64]);
});

it("steps by keys: one, twice as many, to the ends", () => {
  expect(["ArrowRight", "ArrowLeft", "PageUp", "PageDown", "Home", "End"].map((key) => stepped(6, 64, key))).toEqual([
    7, 5, 12, 3, 1, 64,
  ]);
  expect([stepped(1, 64, "ArrowDown"), stepped(40, 64, "PageUp")]).toEqual([1, 64]);
  expect(stepped(6, 64, "a")).toBeUndefined();
});

it("draws the curve as far as it is known", () => {
  expect(curvePath(new Float32Array([0.25, 0.5, 0.75, 1]), 4)).toBe(
    "M0.0 0.7500L500.0 0.5000L792.5 0.2500L1000.0 0.0000",
  );
  expect(curvePath(new Float32Array([0.25, 0.5]), 4)).toBe("M0.0 0.7500L500.0 0.5000");
});

it("tells settings apart, and fits", () => {
  expect(same(SETTING, { ...SETTING })).toBe(true);
  expect(same(SETTING, { ...SETTING, rank: 5 })).toBe(false);
  expect(sameFit(SETTING, { ...SETTING, rank: 5 })).toBe(true);
  expect(sameFit(SETTING, { ...SETTING, axis: "all" })).toBe(false);
  expect(sameOthers([SETTING], [{ ...SETTING }])).toBe(true);
  expect(sameOthers([SETTING], [])).toBe(false);
});

it("draws before and after on one scale, and a small difference small", () => {
  const frame = compressedFrame([[[0, 4]], [[1, 2]]], [[[0, 2]], [[1, 5]]]);
  const [before, after, difference] = (["before", "after", "difference"] as const).map((part) =>
    pictureOf(frame, part),
  );
  expect([before!.channels, before!.width]).toEqual([2, 2]);
  const scales = scalesOf(before!, after!, difference!);
  expect(scales.values).toEqual({ map: "viridis", window: [0, 5] });
  expect(scales.difference).toEqual({ map: "signed", window: [-3, 3] });
  const exact = compressedFrame([[[-4, 4]]], [[[-4, 4]]]);
  const parts = (["before", "after", "difference"] as const).map((part) => pictureOf(exact, part));
  expect(scalesOf(parts[0]!, parts[1]!, parts[2]!)).toEqual({
    values: { map: "signed", window: [-4, 4] },
    difference: { map: "signed", window: [-0.2, 0.2] },
  });
});

it("writes sizes short", () => {
  expect([bytes(784), bytes(2048), bytes(3_211_264)]).toEqual(["784 B", "2 kB", "3.2 MB"]);
});
