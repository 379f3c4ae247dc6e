// The selected samples as they cross the wire.
import { expect, it } from "vitest";
import { fromArrays, toArrays } from "../src/selected";

it("are a list while they are few, and a bit a sample from where that is shorter", () => {
  expect(Object.keys(toArrays(Uint32Array.of(3, 99), 100))).toEqual(["indices"]);
  const many = Uint32Array.of(0, 7, 8, 31, 99);
  const { mask } = toArrays(many, 100);
  // Bit n of byte k is sample 8k + n.
  expect([...(mask!.data as Uint8Array)]).toEqual([0b10000001, 1, 0, 0b10000000, 0, 0, 0, 0, 0, 0, 0, 0, 0b1000]);
  expect(fromArrays({ mask: mask! })).toEqual(many);
});

it("are the same there and back, none and all of them too", () => {
  for (const total of [1, 8, 360, 1001]) {
    for (const each of [1, 2, 40, total + 1]) {
      const samples = Uint32Array.from({ length: Math.ceil(total / each) }, (_, i) => i * each);
      expect(fromArrays(toArrays(samples, total))).toEqual(samples);
    }
    expect(fromArrays(toArrays(new Uint32Array(0), total)).length).toBe(0);
  }
  expect(fromArrays(toArrays(Uint32Array.of(5), 0))).toEqual(Uint32Array.of(5)); // before the number of samples is known
});
