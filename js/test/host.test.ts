// @vitest-environment happy-dom
// Hosts that are no JupyterLab: buffers of other kinds, a model that has only what anywidget promises.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { host } from "../src/host";
import { type Binary, encode } from "../src/wire";

type Heard = (message: unknown, buffers?: readonly Binary[] | null) => void;

// A view that writes down what it is told, as a module of the page.
const VIEW = `export function create(element, { want }) {
  const said = document.createElement("output");
  element.append(said);
  want("opened", 1);
  const word = ({ header, arrays }) => { said.textContent += header.word + arrays.n.data.join(); };
  return { takes: { word }, destroy() {} };
}`;

const offset = (bytes: Uint8Array): Uint8Array => {
  const whole = new Uint8Array(bytes.length + 8).fill(255);
  whole.set(bytes, 3);
  return whole.subarray(3, 3 + bytes.length);
};
const KINDS: [string, (bytes: Uint8Array) => Binary][] = [
  ["a Uint8Array", (bytes) => bytes],
  ["a Uint8Array amid a buffer", offset],
  ["a Node Buffer", (bytes) => Buffer.from(bytes)],
  ["a DataView amid a buffer", (bytes) => new DataView(offset(bytes).buffer, 3, bytes.length)],
  ["an ArrayBuffer", (bytes) => bytes.slice().buffer as ArrayBuffer],
];
const bytes = (words: string): Uint8Array => new TextEncoder().encode(words);

let element: HTMLElement;
let sent: Record<string, unknown>[];
let told: Record<string, unknown>;
let heard: Heard;
let model: Parameters<ReturnType<typeof host>["render"]>[0]["model"];

beforeEach(() => {
  for (const map of Object.values(globalThis.innerviewModules!)) map.clear();
  vi.spyOn(URL, "createObjectURL").mockImplementation(() => `data:text/javascript,${encodeURIComponent(VIEW)}`);
  element = document.createElement("div");
  document.body.replaceChildren(element);
  [sent, told] = [[], {}];
  const contents = { root: "one", style: "style.css", panels: { one: "view.js" } };
  model = {
    get: (name: string) => (name === "contents" ? contents : told),
    set: (_: string, value: Record<string, unknown>) => Object.assign(told, value),
    save_changes: () => undefined,
    send: (content: Record<string, unknown>) => void sent.push(content),
    on: (name: string, callback: Heard) => {
      if (name === "msg:custom") heard = callback;
    },
    off: () => undefined,
  } as unknown as typeof model;
});
afterEach(() => vi.restoreAllMocks());

it.each(KINDS)("draws what comes as %s", async (_, kind) => {
  const widget = host();
  widget.initialize({ model });
  widget.render({ model, el: element });
  expect(sent).toContainEqual({ type: "ready" });
  expect(sent).toContainEqual({ type: "modules", files: ["style.css"], have: [] });
  const files = ["style.css", "view.js"];
  heard({ type: "modules", files }, [kind(bytes("p { margin: 0 }")), kind(bytes(VIEW))]);
  const n = { shape: [2], data: new Float32Array([1.5, 2]) };
  heard({ type: "frame", panel: "one" }, [kind(encode({ kind: "word", word: "a" }, { n }))]);
  await vi.waitFor(() => expect(element.querySelector("output")?.textContent).toBe("a1.5,2"));
  expect(told).toMatchObject({ "one/opened": { value: 1 } });
});

it("is not upset by messages of others, nor by ones without what they should carry", async () => {
  const widget = host();
  widget.initialize({ model });
  widget.render({ model, el: element });
  for (const message of [undefined, null, "word", {}, { type: "frame", panel: "one" }, { type: "frame" }])
    for (const buffers of [undefined, null, []]) heard(message, buffers);
  heard({ type: "modules", files: ["view.js"] });
  heard({ type: "modules", files: ["view.js", "style.css"] }, [bytes(VIEW), bytes("")]);
  await vi.waitFor(() => expect(element.querySelector("output")).not.toBeNull());
});
