// The time left, from fractions told at known times.
import { expect, it } from "vitest";
import { duration, points } from "../src/ui/format";
import { timeLeft } from "../src/ui/time_left";

it("takes the rest to go on as fast as what was seen", () => {
  const left = timeLeft();
  expect(left.seconds("curve", null, 0)).toBeNull();
  expect(left.seconds("curve", 0.1, 0)).toBeNull(); // what came before it was not seen
  expect(left.seconds("curve", 0.11, 500)).toBeNull();
  expect(left.seconds("curve", 0.3, 2000)).toBeCloseTo(7);
  expect(left.seconds("curve", 0.6, 5000)).toBeCloseTo(4);
  expect(left.seconds("curve", 1, 9000)).toBeCloseTo(0);
});

it("begins anew with other work, or the same once more", () => {
  const left = timeLeft();
  left.seconds("curve", 0, 0);
  expect(left.seconds("curve", 0.5, 1000)).toBeCloseTo(1);
  expect(left.seconds("curve", 0, 2000)).toBeNull();
  expect(left.seconds("curve", 0.5, 4000)).toBeCloseTo(2);
  expect(left.seconds("blocks", 0.6, 5000)).toBeNull();
});

it("says seconds and points as people do", () => {
  expect([0.2, 12.4, 89, 90, 300].map(duration)).toEqual(["1 s", "12 s", "89 s", "2 min", "5 min"]);
  expect([-0.006, 0.012, 0, -0.0004].map(points)).toEqual(["\u22120.6", "+1.2", "0.0", "0.0"]);
});
