// The byte layout of a frame; its twin is src/innerview/wire.py, which describes it. No other file knows it.

export type Numbers =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

export interface NdArray<T extends Numbers = Numbers> {
  readonly shape: readonly number[];
  readonly data: T;
}

export interface Frame {
  readonly header: Record<string, unknown>;
  readonly arrays: Readonly<Record<string, NdArray>>;
}

/** What hosts give for a binary part of a message. */
export type Binary = DataView | ArrayBuffer | Uint8Array;

const MAGIC = 0x31465649; // "IVF1", little-endian
const PREFIX = 8;
const ALIGN = 8;

const KINDS = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

type Dtype = keyof typeof KINDS;

const aligned = (offset: number): number => Math.ceil(offset / ALIGN) * ALIGN;

function dtypeOf(data: Numbers): Dtype {
  for (const [name, kind] of Object.entries(KINDS)) if (data instanceof kind) return name as Dtype;
  throw new TypeError(`a frame carries ${Object.keys(KINDS).join(", ")}`);
}

/** Unpack a frame. Arrays are views of the frame's bytes where their alignment allows, copies elsewhere. */
export function decode(source: Binary): Frame {
  // Not `instanceof`: what comes from another window has other classes.
  const bytes = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < PREFIX || view.getUint32(0, true) !== MAGIC) throw new Error("these bytes are not a frame");
  const base = PREFIX + view.getUint32(4, true);
  if (base > bytes.byteLength)
    throw new Error(`the frame's header ends at byte ${base}, the frame has ${bytes.byteLength}`);
  const { arrays: table, ...header } = JSON.parse(new TextDecoder().decode(bytes.subarray(PREFIX, base)));
  const arrays: Record<string, NdArray> = {};
  for (const [name, dtype, shape, offset] of table as [string, Dtype, number[], number][]) {
    const kind = KINDS[dtype];
    if (!kind) throw new Error(`array ${name} is ${dtype}; a frame carries ${Object.keys(KINDS).join(", ")}`);
    const count = shape.reduce((a, b) => a * b, 1);
    const start = base + offset;
    const end = start + count * kind.BYTES_PER_ELEMENT;
    if (end > bytes.byteLength) throw new Error(`array ${name} ends at byte ${end}, the frame has ${bytes.byteLength}`);
    const at = bytes.byteOffset + start;
    // Jupyter hands out a view into the whole websocket message, at any offset; typed arrays want their own multiple.
    const data =
      at % kind.BYTES_PER_ELEMENT === 0
        ? new kind(bytes.buffer as ArrayBuffer, at, count)
        : new kind(bytes.slice(start, end).buffer, 0, count);
    Object.defineProperty(arrays, name, { value: { shape, data }, enumerable: true });
  }
  return { header, arrays };
}

/** Pack a header and named arrays into one frame. */
export function encode(header: Record<string, unknown>, arrays: Record<string, NdArray> = {}): Uint8Array {
  const table: [string, Dtype, readonly number[], number][] = [];
  let end = 0;
  for (const [name, { shape, data }] of Object.entries(arrays)) {
    const start = aligned(end);
    table.push([name, dtypeOf(data), shape, start]);
    end = start + data.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify({ ...header, arrays: table }));
  const base = aligned(PREFIX + text.byteLength);
  const frame = new Uint8Array(base + end);
  frame.fill(0x20, PREFIX, base);
  const view = new DataView(frame.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, base - PREFIX, true);
  frame.set(text, PREFIX);
  for (const [name, , , offset] of table) {
    const { data } = arrays[name] as NdArray;
    frame.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), base + offset);
  }
  return frame;
}
