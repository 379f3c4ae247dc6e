// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import { isolated, nameTag, shortened } from "../src/ui/names";

const numbers = (count: number, tail = ""): string[] =>
  Array.from({ length: count }, (_, i) => `class number ${i}${tail}`);

describe("short names", () => {
  it("are the names where there is room", () => {
    expect(shortened(["cat", "dog"], 16)).toEqual(["cat", "dog"]);
    expect(shortened([], 16)).toEqual([]);
  });

  it("lose the beginning that all share", () => {
    expect(shortened(numbers(12), 12)).toEqual(Array.from({ length: 12 }, (_, i) => `…${i}`));
  });

  it("keep a beginning that is part of a word, and both ends of a long one", () => {
    expect(shortened(["catamaran boat", "catamount"], 12)).toEqual(["cata…an boat", "catamount"]);
    expect(shortened(["a very long name of something"], 15)).toEqual(["a very…omething"]);
  });

  it.each([
    ["at the end", numbers(1000, " of some length")],
    ["in the middle", Array.from({ length: 1000 }, (_, i) => `${"x".repeat(90)}${i}${"y".repeat(100)}`)],
    ["at the beginning", Array.from({ length: 1000 }, (_, i) => `${i} ${"of a kind ".repeat(19)}`)],
  ])("of a thousand classes that differ %s are all different, and none is longer than allowed", (_, names) => {
    const short = shortened(names, 16);
    expect(new Set(short).size).toBe(1000);
    expect(Math.max(...short.map((name) => name.length))).toBeLessThanOrEqual(16);
  });

  it("stay alike where the names are", () => {
    const same = "one name that two classes have";
    const [first, second] = shortened([same, same], 10);
    expect(first).toBe(second);
  });

  it("never cut a letter into its parts", () => {
    const family = "👨‍👩‍👧‍👦";
    const [name] = shortened([family.repeat(20)], 9);
    expect(name).toBe(`${family.repeat(3)}…${family.repeat(5)}`);
  });
});

it("a name in a page is text in its own direction, with the whole of it in the title", () => {
  const tag = nameTag("<b>صورة</b>", "…");
  expect([tag.tagName, tag.dir, tag.title, tag.textContent]).toEqual(["BDI", "auto", "<b>صورة</b>", "…"]);
  expect(tag.childElementCount).toBe(0);
});

it("a name from right to left is set apart within a text, others stay as they are", () => {
  expect(isolated("cat")).toBe("cat");
  expect(isolated("قطة")).toBe("\u2068قطة\u2069");
});
