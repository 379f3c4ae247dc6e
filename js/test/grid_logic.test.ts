import { describe, expect, it } from "vitest";
import { codeValue, countNonFinite, countValues, decodeTile } from "../src/grid/codes";
import { linePath } from "../src/grid/curve";
import { barsPath } from "../src/grid/histogram";
import { orderOf, placesOf } from "../src/grid/order";
import { makePicture, silent } from "../src/grid/picture";
import { drawColumns, drawTile, makeRaster, shrink } from "../src/grid/pixels";
import { seeing, seenBy, seenText } from "../src/grid/receptive";
import { fileName } from "../src/grid/save";
import { defaults, mapOf, rangeKind, windowOf } from "../src/grid/settings";
import { colourOf, fillTable, makeRamp } from "../src/ui/colormaps";
import { count, counted, number, percent, shapeText } from "../src/ui/format";
import { gridFrame, ramps } from "./grid_frames";

describe("pixel codes", () => {
  it("stand for values from low to high, and for what is no number", () => {
    expect(codeValue(0, -3, 5)).toBe(-3);
    expect(codeValue(252, -3, 5)).toBe(5);
    expect(codeValue(126, -3, 5)).toBe(1);
    expect(codeValue(253, -3, 5)).toBe(-Infinity);
    expect(codeValue(254, -3, 5)).toBe(Infinity);
    expect(codeValue(255, -3, 5)).toBeNaN();
    expect(Array.from(decodeTile(Uint8Array.of(0, 63, 254), 0, 4))).toEqual([0, 1, Infinity]);
  });

  it("count what is no number, alike in codes and in values", () => {
    const found = { nan: 2, positive: 1, negative: 1 };
    expect(countNonFinite(Uint8Array.of(0, 255, 252, 255, 254, 253))).toEqual(found);
    expect(countValues(Float32Array.of(0, Number.NaN, 1, Number.NaN, Infinity, -Infinity))).toEqual(found);
  });
});

describe("a picture", () => {
  it("knows the layer's range without the channels that have no finite value", () => {
    const none = [[Number.NaN, Number.NaN]];
    const picture = makePicture(gridFrame([[[1, 4]], none, [[-2, 3]]]));
    expect([picture.low, picture.high, picture.signed]).toEqual([-2, 4, true]);
    expect(picture.nonFinite).toEqual({ nan: 2, positive: 0, negative: 0, total: 2 });
    const empty = makePicture(gridFrame([none]));
    expect([empty.low, empty.high]).toEqual([0, 0]);
  });

  it("draws maps of one pixel as a vector", () => {
    expect(makePicture(gridFrame([[[1]], [[2]]])).layout).toBe("vector");
    expect(makePicture(gridFrame([[[1, 2]]])).layout).toBe("maps");
  });

  it("calls a channel silent when several values are all equal", () => {
    const picture = makePicture(gridFrame([[[0, 0]], [[3, 3]], [[0, 1]], [[0, Number.NaN]]]));
    expect([0, 1, 2, 3].map((c) => silent(picture, c))).toEqual([true, true, false, false]);
    expect(silent(makePicture(gridFrame([[[0]]])), 0)).toBe(false);
  });
});

describe("the range", () => {
  const signed = makePicture(gridFrame([[[-1, 3]], [[0, 8]]]));
  const positive = makePicture(gridFrame([[[1, 3]], [[0, 8]]]));

  it("is symmetric about zero for a signed map, whatever the kind of range", () => {
    for (const kind of ["tile", "layer", "fixed"] as const) {
      const settings = { ...defaults(), fixed: [-0.5, 2] as [number, number] };
      settings.range.maps = kind;
      for (const contrast of [0.5, 1, 4]) {
        const [from, to] = windowOf({ ...settings, contrast }, signed, 0);
        expect(from).toBe(-to);
        expect(to).toBe({ tile: 3, layer: 8, fixed: 2 }[kind] / contrast);
      }
    }
  });

  it("is that of the tile, the layer or fixed", () => {
    const settings = { ...defaults(), fixed: [-5, 5] as [number, number] };
    expect(mapOf(settings, positive)).toBe("viridis");
    expect(windowOf(settings, positive, 0)).toEqual([1, 3]);
    settings.range.maps = "layer";
    expect(windowOf(settings, positive, 0)).toEqual([0, 8]);
    settings.range.maps = "fixed";
    expect(windowOf(settings, positive, 0)).toEqual([-5, 5]);
    expect(windowOf({ ...settings, contrast: 2 }, positive, 0)).toEqual([-2.5, 2.5]);
  });

  it("puts zero in the middle of the signed map also where all is zero", () => {
    const [from, to] = windowOf({ ...defaults(), map: "signed" }, makePicture(gridFrame([[[0, 0]]])), 0);
    const ramp = makeRamp("signed");
    expect(colourOf(0, ramp, from, to)).toBe(ramp[512]);
  });

  it("of a vector is never that of a single value", () => {
    const settings = defaults();
    settings.range.vector = "tile";
    expect(rangeKind(settings, makePicture(gridFrame([[[1]], [[2]]])))).toBe("layer");
  });
});

describe("the order", () => {
  const odd = [[Number.NaN, Number.NaN]];
  const picture = makePicture(gridFrame([[[1, 1]], odd, [[5, 7]], [[1, 1]], [[-4, 2]]]));

  it("sorts by a statistic, ties by number, what has none last", () => {
    expect(Array.from(orderOf(picture, "mean", true))).toEqual([2, 0, 3, 4, 1]);
    expect(Array.from(orderOf(picture, "mean", false))).toEqual([4, 0, 3, 2, 1]);
    expect(Array.from(orderOf(picture, "variance", true))).toEqual([4, 2, 0, 3, 1]);
    expect(Array.from(orderOf(picture, "high", true))).toEqual([2, 4, 0, 3, 1]);
    expect(Array.from(orderOf(picture, "index", true))).toEqual([4, 3, 2, 1, 0]);
  });

  it("has an inverse", () => {
    const order = orderOf(picture, "mean", true);
    const places = placesOf(order);
    for (let place = 0; place < order.length; place++) expect(places[order[place]!]).toBe(place);
  });
});

describe("drawing tiles", () => {
  const table = new Uint32Array(256);
  fillTable(table, makeRamp("gray"), [0, 252], [0, 252]);

  it("repeats pixels when enlarging, and cuts off what is out of the raster", () => {
    const raster = makeRaster(4, 4);
    drawTile(raster, { x: -2, y: -2, width: 8, height: 8 }, Uint8Array.of(0, 84, 168, 252), 2, 2, table);
    const [a, b, c, d] = [table[0], table[84], table[168], table[252]];
    expect(Array.from(raster.data)).toEqual([a, a, b, b, a, a, b, b, c, c, d, d, c, c, d, d]);
  });

  it("leaves the rest of the raster alone", () => {
    const raster = makeRaster(3, 3);
    drawTile(raster, { x: 1, y: 1, width: 1, height: 1 }, Uint8Array.of(252), 1, 1, table);
    expect(Array.from(raster.data)).toEqual([0, 0, 0, 0, table[252], 0, 0, 0, 0]);
  });

  it("averages when reducing, and never loses what is no number", () => {
    const tile = Uint8Array.of(10, 20, 30, 255, 30, 40, 50, 60);
    expect(Array.from(shrink(tile, 4, 2, 2, 1).slice(0, 2))).toEqual([25, 255]);
    // Every reduced size of a tile with a single NaN shows it exactly once.
    for (const size of [1, 2, 3, 5, 7, 11, 12]) {
      const large = new Uint8Array(144).fill(100);
      large[77] = 255;
      const small = shrink(large, 12, 12, size, size).slice(0, size * size);
      expect(small.filter((code) => code === 255).length).toBe(1);
      expect(small.filter((code) => code === 100).length).toBe(size * size - 1);
    }
  });

  it("averages matrix columns that share a pixel, each in its own range", () => {
    const ramp = makeRamp("gray");
    const column = (codes: number[], high: number) => ({
      codes: Uint8Array.from(codes),
      range: [0, high] as const,
      window: [0, high] as const,
    });
    const raster = makeRaster(2, 2);
    const columns = [column([0, 252], 1), column([252, 252], 9), column([126, 255], 3), column([126, 0], 3)];
    drawColumns(raster, columns, { x: 0, y: 0, pitch: 0.5, height: 2 }, ramp);
    const red = Array.from(raster.data, (c) => c & 255);
    expect(red.slice(0, 3)).toEqual([128, 128, 255]);
    expect(raster.data[3]).toBe(colourOf(Number.NaN, ramp, 0, 1));
  });
});

describe("the receptive field", () => {
  const geometry = {
    map: [4, 4] as const,
    input: [16, 16] as const,
    receptive: {
      size: [7, 7] as [number, number],
      stride: [4, 4] as [number, number],
      origin: [-3, -3] as [number, number],
    },
  };

  it("lies on the input where the frame says, and is found again from its middle", () => {
    expect(seenBy(geometry, { row: 1, column: 2 })).toEqual({ x: 5, y: 1, width: 7, height: 7 });
    for (let row = 0; row < 4; row++) {
      for (let column = 0; column < 4; column++) {
        const box = seenBy(geometry, { row, column });
        expect(seeing(geometry, box.x + box.width / 2, box.y + box.height / 2)).toEqual({ row, column });
      }
    }
  });

  it("says in words what is seen, and that padding is", () => {
    expect(seenText(geometry, { row: 1, column: 2 })).toBe("sees rows 1 to 7, columns 5 to 11 of the input");
    expect(seenText(geometry, { row: 0, column: 1 })).toBe(
      "sees rows 0 to 3, columns 1 to 7 of the input, and padding beyond its edge",
    );
  });

  it("unknown, or of the whole input, goes by proportion", () => {
    const unknown = { ...geometry, receptive: null };
    expect(seenBy(unknown, { row: 1, column: 2 })).toEqual({ x: 8, y: 4, width: 4, height: 4 });
    expect(seeing(unknown, 15.9, 0)).toEqual({ row: 0, column: 3 });
    expect(seenText(unknown, { row: 0, column: 0 })).toContain("not known");
    const whole = { ...geometry, receptive: { size: [16, 16], stride: [0, 0], origin: [0, 0] } as never };
    expect(seeing(whole, 9, 1)).toEqual({ row: 0, column: 2 });
  });
});

describe("plots", () => {
  it("draw the highest bar to the top", () => {
    expect(barsPath(Uint32Array.of(0, 4, 2), false)).toBe("M1 1v-1h1V1zM2 1v-0.5h1V1z");
    expect(barsPath(Uint32Array.of(0, 0), false)).toBe("");
  });

  it("leave a gap where a value is not finite", () => {
    expect(linePath(Float32Array.of(0, 1, Number.NaN, 1), 0, 1)).toBe("M0.5 1.0000L1.5 0.0000M3.5 0.0000");
  });
});

describe("numbers in words", () => {
  it.each([
    [0, "0"],
    [0.42131, "0.4213"],
    [-12.5, "−12.5"],
    [12345.6, "12346"],
    [3000, "3000"],
    [0.5, "0.5"],
    [1.2e-5, "1.2e−5"],
    [3.4028e38, "3.4e38"],
    [Number.NaN, "NaN"],
    [Infinity, "∞"],
    [-Infinity, "−∞"],
  ])("%f is %s", (value, text) => expect(number(value)).toBe(text));

  it("percentages say 0 and 100 only of a whole", () => {
    expect([0, 0.986, 0.99999, 1e-6, 1].map((f) => percent(f))).toEqual([
      "0 %",
      "98.6 %",
      "> 99.9 %",
      "< 0.1 %",
      "100 %",
    ]);
    expect(percent(Number.NaN)).toBe("–");
  });

  it("counts and shapes", () => {
    expect([count(3000), counted(1, "token"), counted(2, "token")]).toEqual(["3,000", "1 token", "2 tokens"]);
    expect([shapeText([64, 7, 7]), shapeText([])]).toEqual(["64 × 7 × 7", "scalar"]);
  });

  it("file names hold what every file system takes", () => {
    expect(fileName("layer4.0/conv 2", 12)).toBe("innerview-layer4.0_conv_2-12.png");
    expect(fileName("conv", null)).toBe("innerview-conv-own.png");
  });
});

it("test frames are coded as the kernel codes them", () => {
  const { arrays } = gridFrame([
    ...ramps(1, 2, 2),
    [
      [Number.NaN, Infinity],
      [-Infinity, 7],
    ],
  ]);
  expect(Array.from(arrays.tiles.data)).toEqual([0, 84, 168, 252, 255, 254, 253, 0]);
});
