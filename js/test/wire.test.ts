// The golden frames of tests/golden: what Python packs is what is unpacked and packed here, byte for byte.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { decode, encode, type NdArray, type Numbers } from "../src/wire";

const GOLDEN = join(import.meta.dirname, "..", "..", "tests", "golden");
const KINDS = { Uint8Array, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array, Float32Array, Float64Array };

interface Described {
  header: Record<string, unknown>;
  arrays: Record<string, { dtype: string; shape: number[]; values: (number | string)[] }>;
}

// "uint8" -> Uint8Array; "NaN" and "-Infinity" are what JSON cannot say otherwise.
const made = ({ dtype, shape, values }: Described["arrays"][string]): NdArray => {
  const name = `${dtype.replace(/^(u?)(.)/, (_, u: string, c: string) => (u ? `U${c}` : c.toUpperCase()))}Array`;
  return { shape, data: KINDS[name as keyof typeof KINDS].from(values.map(Number)) };
};
const bytesOf = ({ buffer, byteOffset, byteLength }: Numbers): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

const names = readdirSync(GOLDEN)
  .filter((file) => file.endsWith(".json"))
  .map((file) => file.slice(0, -".json".length));
const golden = (name: string) => {
  const described = JSON.parse(readFileSync(join(GOLDEN, `${name}.json`), "utf8")) as Described;
  const arrays: Record<string, NdArray> = {};
  for (const [key, array] of Object.entries(described.arrays)) arrays[key] = made(array);
  return { header: described.header, arrays, bytes: new Uint8Array(readFileSync(join(GOLDEN, `${name}.bin`))) };
};

it("has golden frames to read", () => {
  expect(names.length).toBeGreaterThan(4);
});

describe.each(names)("the golden frame %s", (name) => {
  const { header, arrays, bytes } = golden(name);

  it("is what encode makes of its description", () => {
    expect(encode(header, arrays)).toEqual(bytes);
  });

  // Jupyter hands out a view into the whole websocket message, at any offset.
  it.each([0, 1, 2, 3, 4, 5, 6, 7])("is read at offset %i of a larger buffer", (offset) => {
    const around = new Uint8Array(offset + bytes.length + 5).fill(0xff);
    around.set(bytes, offset);
    const frame = decode(new DataView(around.buffer, offset, bytes.length));
    expect(frame.header).toEqual(header);
    expect(Object.keys(frame.arrays)).toEqual(Object.keys(arrays));
    for (const [key, { shape, data }] of Object.entries(frame.arrays)) {
      expect(shape).toEqual(arrays[key]!.shape);
      expect(data.constructor).toBe(arrays[key]!.data.constructor);
      expect(bytesOf(data)).toEqual(bytesOf(arrays[key]!.data));
    }
  });

  it("is refused when it is cut short anywhere", () => {
    for (let length = 0; length < bytes.length; length++) expect(() => decode(bytes.subarray(0, length))).toThrow();
  });
});

describe("a frame", () => {
  const bytes = encode({ kind: "x" }, { a: { shape: [2], data: new Float64Array([1, 2]) } });

  it("gives views of its bytes, not copies, where they are aligned", () => {
    const { a } = decode(bytes).arrays;
    expect(a!.data.buffer).toBe(bytes.buffer);
  });

  it("may be given as an ArrayBuffer, bytes or a DataView", () => {
    for (const source of [bytes, bytes.buffer as ArrayBuffer, new DataView(bytes.buffer)]) {
      expect(decode(source).arrays.a!.data).toEqual(new Float64Array([1, 2]));
    }
  });

  it("packs only the part of a buffer that an array shows", () => {
    const data = new Int16Array([1, 2, 3, 4]).subarray(1, 3);
    expect(decode(encode({}, { data: { shape: [2], data } })).arrays.data!.data).toEqual(new Int16Array([2, 3]));
  });

  it("takes any name, also those that objects have already", () => {
    const arrays = JSON.parse('{"__proto__": 0, "constructor": 0, "arrays": 0}') as Record<string, unknown>;
    for (const key of Object.keys(arrays)) {
      Object.defineProperty(arrays, key, { value: { shape: [1], data: new Uint8Array([7]) }, enumerable: true });
    }
    const frame = decode(encode({ kind: "x" }, arrays as Record<string, NdArray>));
    expect(Object.keys(frame.arrays)).toEqual(["__proto__", "constructor", "arrays"]);
    expect(Object.getPrototypeOf(frame.arrays)).toBe(Object.prototype);
  });
});

describe("what is no frame", () => {
  it("is refused for other bytes", () => {
    expect(() => decode(new Uint8Array(100))).toThrow("these bytes are not a frame");
    expect(() => decode(new Uint8Array(0))).toThrow("these bytes are not a frame");
  });

  it("is refused with the numbers when it ends too early", () => {
    const bytes = encode({}, { a: { shape: [3], data: new Float32Array(3) } });
    expect(() => decode(bytes.subarray(0, bytes.length - 1))).toThrow(
      `array a ends at byte ${bytes.length}, the frame has ${bytes.length - 1}`,
    );
    expect(() => decode(bytes.subarray(0, 12))).toThrow(/header ends at byte \d+, the frame has 12/);
  });

  it("is refused for a dtype that no frame carries, read or written", () => {
    const bytes = encode({}, { a: { shape: [1], data: new Uint8Array(1) } });
    const text = new TextDecoder("latin1").decode(bytes).replace('"uint8"', '"utf-8"');
    expect(() => decode(Uint8Array.from(text, (c) => c.charCodeAt(0)))).toThrow(
      "array a is utf-8; a frame carries uint8",
    );
    const wide = { shape: [1], data: new BigInt64Array(1) as unknown as Numbers };
    expect(() => encode({}, { wide })).toThrow(TypeError);
  });
});
