// @vitest-environment happy-dom
// The files of a page: asked for once, linked to each other, and asked for again where that failed.
import { beforeEach, expect, it, vi } from "vitest";
import { dress, load, take, text } from "../src/modules";

const bytes = (words: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(words);
let asked: [string[], string[]][];
const ask = (files: string[], have: string[]): void => {
  asked.push([files, have]);
};

beforeEach(() => {
  asked = [];
  for (const map of Object.values(globalThis.innerviewModules!)) map.clear();
});

it("gives what is here at once, and asks for what is not, telling what is", async () => {
  take(["a.js"], [bytes("export const a = 1")]);
  expect(await text("a.js", ask)).toBe("export const a = 1");
  expect(asked).toEqual([]);
  const coming = text("b.js", ask);
  expect(asked).toEqual([[["b.js"], ["a.js"]]]);
  take(["b.js"], [bytes("b")]);
  expect(await coming).toBe("b");
});

it("serves all who wait for a file", async () => {
  const both = Promise.all([text("a.js", ask), text("a.js", ask)]);
  take(["a.js"], [bytes("one")]);
  expect(await both).toEqual(["one", "one"]);
});

it("links a module to the files that it imports, whose addresses only the page knows", async () => {
  const made: string[] = [];
  const create = vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => {
    const address = `data:text/javascript,export const here = ${made.length}`;
    void (blob as Blob).text().then((words) => made.push(words));
    return address;
  });
  take(["top.js"], [bytes('import{a}from"./low.js";import "./side.js";export const top=a')]);
  const coming = load("top.js", ask).catch(() => "no such export");
  take(["low.js", "side.js"], [bytes("export const a=1"), bytes("1")]);
  await coming;
  await vi.waitFor(() => expect(made).toHaveLength(3));
  expect(made.at(-1)).toMatch(/^import\{a\}from"data:.*";import "data:.*";export const top=a$/);
  create.mockRestore();
});

it("asks again for what could not be had the first time", async () => {
  const refuse = (): void => {
    throw new Error("the kernel is gone");
  };
  await expect(load("late.js", refuse)).rejects.toThrow("the kernel is gone");
  void load("late.js", ask).catch(() => undefined);
  await vi.waitFor(() => expect(asked).toEqual([[["late.js"], []]]));
});

it("dresses a page and a shadow tree, each once", async () => {
  take(["style.css"], [bytes(".innerview { color: red }")]);
  const outer = document.createElement("div");
  document.body.append(outer);
  const inner = document.createElement("div");
  outer.attachShadow({ mode: "open" }).append(inner);
  const before = document.adoptedStyleSheets.length;
  for (const element of [outer, inner, inner]) await dress(element, "style.css", ask);
  expect(document.adoptedStyleSheets.length).toBe(before + 1);
  expect(outer.shadowRoot?.adoptedStyleSheets.length).toBe(1);
  expect(outer.shadowRoot?.adoptedStyleSheets[0]).toBe(document.adoptedStyleSheets.at(-1));
});
