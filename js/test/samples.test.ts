// What the sample picker works out without the kernel.
import { describe, expect, it } from "vitest";
import {
  emptyText,
  fittedSize,
  neighbour,
  type Page,
  pageStart,
  pageText,
  progressText,
  refusal,
  typed,
} from "../src/samples/selection";
import { linePath } from "../src/samples/signal";
import { range } from "../src/ui/range";

const page = (changes: Partial<Page> = {}): Page => ({
  kind: "thumbnails",
  indices: [],
  labels: [],
  correct: [],
  offset: 0,
  count: 0,
  pageSize: 4,
  classes: ["cat", "dog"],
  filter: { label: null, misclassified: false, selected: false },
  selected: 0,
  predictedUpTo: 0,
  total: 10,
  ...changes,
});
const ALL = { label: null, misclassified: false, selected: false };
const CATS = { label: "cat", misclassified: false, selected: false };

describe("neighbour", () => {
  it("goes round all samples when nothing is filtered, whatever page is shown", () => {
    const shown = page({ indices: [4, 5, 6, 7], offset: 4, count: 10 });
    expect(neighbour(shown, ALL, 3, 1)).toBe(4);
    expect(neighbour(shown, ALL, 9, 1)).toBe(0);
    expect(neighbour(shown, ALL, 0, -1)).toBe(9);
  });

  it("leads from the user's own image to the first or the last sample", () => {
    expect(neighbour(page(), ALL, null, 1)).toBe(0);
    expect(neighbour(page(), ALL, null, -1)).toBe(9);
    expect(neighbour(page({ total: 0 }), ALL, null, 1)).toBeUndefined();
  });

  it("agrees with the list of all filtered samples wherever it answers, and answers inside a page", () => {
    const all = [1, 3, 4, 8, 20, 21, 30];
    let answers = 0;
    for (let offset = 0; offset < all.length; offset += 3) {
      const shown = page({
        indices: all.slice(offset, offset + 3),
        offset,
        count: all.length,
        filter: CATS,
        total: 40,
      });
      for (let current = 0; current < 40; current++) {
        const next = neighbour(shown, CATS, current, 1);
        const previous = neighbour(shown, CATS, current, -1);
        if (next !== undefined) expect(next).toBe(all.find((index) => index > current));
        if (previous !== undefined) expect(previous).toBe([...all].reverse().find((index) => index < current));
        answers += Number(next !== undefined) + Number(previous !== undefined);
      }
      expect(neighbour(shown, CATS, all[offset]!, 1)).toBe(all[offset + 1]);
      if (offset + 1 < all.length) expect(neighbour(shown, CATS, all[offset + 1]!, -1)).toBe(all[offset]);
    }
    expect(answers).toBeGreaterThan(40);
  });

  it("leaves it to the kernel while the page is of another filter, or the sample is the user's own", () => {
    const shown = page({ indices: [1, 3], count: 2, filter: CATS });
    expect(neighbour(shown, { label: "dog", misclassified: false, selected: false }, 1, 1)).toBeUndefined();
    expect(neighbour(shown, CATS, null, 1)).toBeUndefined();
  });
});

describe("words", () => {
  it("say which thumbnails are shown, counted from one", () => {
    const indices = Array.from({ length: 48 }, (_, i) => i);
    expect(pageText(page({ indices, offset: 0, count: 210 }))).toBe("1–48 of 210");
    expect(pageText(page({ indices: indices.slice(0, 18), offset: 192, count: 1210 }))).toBe("193–210 of 1,210");
    expect(pageText(page({ indices: [7], count: 1 }))).toBe("1 sample");
    expect(pageText(page())).toBe("none");
  });

  it("say why there are no thumbnails", () => {
    const wrong = { label: null, misclassified: true, selected: false };
    expect(emptyText(page({ total: 0 }))).toBe("The data has no samples.");
    expect(emptyText(page({ filter: CATS }))).toBe("No sample of class cat.");
    expect(emptyText(page({ filter: wrong, predictedUpTo: 4 }))).toBe("No misclassified sample so far.");
    expect(emptyText(page({ filter: { ...CATS, misclassified: true, selected: false }, predictedUpTo: 10 }))).toBe(
      "No sample of class cat is misclassified.",
    );
  });

  it("tell the progress only while the filter waits for it", () => {
    const filter = { label: null, misclassified: true, selected: false };
    expect(progressText(page({ filter, predictedUpTo: 512, total: 3000 }))).toBe("512 of 3,000 predicted");
    expect(progressText(page({ filter, predictedUpTo: 3000, total: 3000 }))).toBe("");
    expect(progressText(page({ predictedUpTo: 512, total: 3000 }))).toBe("");
  });
});

it("takes a typed number into range", () => {
  expect(typed("12", 100)).toBe(12);
  expect(typed(" 1,234 ", 5000)).toBe(1234);
  expect(typed("500", 100)).toBe(99);
  expect(typed("-3", 100)).toBe(0);
  expect(typed("", 100)).toBeUndefined();
  expect(typed("twelve", 100)).toBeUndefined();
  expect(typed("1", 0)).toBeUndefined();
});

it("finds the page of a sample", () => {
  expect([0, 47, 48, 100].map((sample) => pageStart(sample, 48))).toEqual([0, 0, 48, 96]);
});

describe("fittedSize", () => {
  it("draws the pixels of a small image as squares of whole screen pixels", () => {
    expect(fittedSize([28, 28], [264, 176])).toEqual([168, 168]);
    expect(fittedSize([28, 28], [264, 176], 2)).toEqual([168, 168]);
    expect(fittedSize([28, 28], [264, 182], 2)).toEqual([182, 182]);
  });

  it("fills the room with a large image, in its proportions", () => {
    expect(fittedSize([512, 256], [264, 176])).toEqual([264, 132]);
    expect(fittedSize([100, 400], [264, 176])).toEqual([44, 176]);
  });

  it("shrinks a small image that has less room than pixels", () => {
    expect(fittedSize([80, 20], [40, 40])).toEqual([40, 10]);
  });
});

it("refuses a file that is too large, empty or no image, by name and with what would do", () => {
  const file = (name: string, size: number, type: string) => ({ name, size, type });
  expect(refusal(file("cat.png", 1000, "image/png"))).toBe("");
  expect(refusal(file("no-type", 1000, ""))).toBe("");
  expect(refusal(file("cat.png", 9 * 2 ** 20, "image/png"))).toBe("");
  expect(refusal(file("big.png", 31 * 2 ** 20, "image/png"))).toMatch(/big\.png has 31\.0 MiB.*at most 9 MiB/);
  expect(refusal(file("folder", 0, ""))).toMatch(/folder is empty or a folder/);
  expect(refusal(file("notes.txt", 10, "text/plain"))).toMatch(/notes\.txt.*text\/plain.*PNG or JPEG/);
});

describe("a signal", () => {
  it("has the range of its finite values", () => {
    expect(range(new Float32Array([1, Number.NaN, -2, Infinity, 3]))).toEqual([-2, 3]);
    expect(range(new Float32Array([Number.NaN]))).toEqual([0, 0]);
  });

  it("is drawn from the top (its largest) to the bottom (its least)", () => {
    expect(linePath(new Float32Array([0, 1, 0.5]), [0, 1], [100, 10])).toBe("M0.00 10.00L50.00 0.00L100.00 5.00");
  });

  it("has a gap where a value is no number", () => {
    expect(linePath(new Float32Array([0, Number.NaN, 0]), [0, 1], [100, 10])).toBe("M0.00 10.00M100.00 10.00");
  });

  it("keeps a single peak of a long signal", () => {
    const values = new Float32Array(100_000);
    values[54_321] = 1;
    const path = linePath(values, [0, 1], [300, 10]);
    expect(path).toContain(" 0.00");
    expect(path.match(/[ML]/g)!.length).toBeLessThanOrEqual(600);
  });

  it("is a flat line in the middle when all its values are equal", () => {
    expect(linePath(new Float32Array([2, 2]), [2, 2], [10, 10])).toBe("M0.00 5.00L10.00 5.00");
  });
});
