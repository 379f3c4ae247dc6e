// @vitest-environment happy-dom
// What the view says and asks for. What it paints is seen in a real browser only: here nothing has a size.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ViewFrame } from "../src/frames";
import { give, type View } from "../src/view";
import { create } from "../src/views/channel_grid";
import { channelFrame, gridFrame, ramps } from "./grid_frames";

let element: HTMLElement;
let view: View;
let wants: [string, unknown][];

const find = <E extends HTMLElement = HTMLElement>(id: string, root: ParentNode = element): E => {
  const found = root.querySelector<E>(`[data-testid="${id}"]`);
  if (!found) throw new Error(`no element has the data-testid ${id}`);
  return found;
};
const text = (id: string): string => find(id).textContent ?? "";
const press = (key: string): KeyboardEvent => {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
  find("channels").dispatchEvent(event);
  return event;
};
const pick = (id: string, value: string): void => {
  const select = find<HTMLSelectElement>(id);
  select.value = value;
  select.dispatchEvent(new Event("change"));
};
const slide = (id: string, value: number): void => {
  const input = find<HTMLInputElement>(id);
  input.value = String(value);
  input.dispatchEvent(new Event("input"));
};
const deadFrame = (layer: string, flags: number[], samples = 256, all = false): ViewFrame => ({
  header: { kind: "dead", layer, samples, all },
  arrays: { dead: { shape: [flags.length], data: Uint8Array.from(flags) } },
});

beforeEach(() => {
  element = document.createElement("div");
  document.body.append(element);
  wants = [];
  view = create(element, { want: (key, value) => wants.push([key, value]), upload: () => {} });
});
afterEach(() => {
  view.destroy();
  element.remove();
  vi.useRealTimers();
});

describe("before anything is chosen", () => {
  it("says what to do", () => {
    expect(text("empty")).toContain("Choose a layer");
    expect(find("empty").hidden).toBe(false);
  });

  it("shows errors as text, and takes them away when they are over", () => {
    const header = { kind: "error", scope: "grid", message: "no layer <b>conv9</b>", detail: "Traceback" } as const;
    give(view, { header, arrays: {} });
    expect(element.querySelector("[role=alert]")?.textContent).toContain("no layer <b>conv9</b>");
    expect(element.querySelector("b")).toBeNull();
    give(view, { header: { ...header, message: "", detail: "", over: true }, arrays: {} });
    expect(element.querySelector("[role=alert]")).toBeNull();
  });
});

describe("a layer of maps", () => {
  beforeEach(() => give(view, gridFrame(ramps(16, 4, 4))));

  it("is named, with shape and sample", () => {
    expect(text("layer")).toBe("conv1");
    expect(text("layer-about")).toBe("Conv2d · 16 × 4 × 4 · sample 0");
    expect(find("empty").hidden).toBe(true);
    expect(find("channels").getAttribute("role")).toBe("grid");
  });

  it("asks nothing when it is drawn, nor when it is recoloured", () => {
    pick("colours", "magma");
    pick("order", "mean");
    slide("gamma", 1);
    find("size-l").click();
    give(view, deadFrame("conv1", Array(16).fill(0)));
    expect(wants).toEqual([]);
  });

  it("opens the focused channel with Enter, at once from the tile, and closes it with Escape", () => {
    const event = press("Enter");
    expect(wants).toEqual([["channel", 0]]);
    expect(event.defaultPrevented).toBe(true);
    expect(find("detail").hidden).toBe(false);
    expect(find("detail").dataset).toMatchObject({ channel: "0", exact: "false" });
    give(view, channelFrame(0, ramps(1, 4, 4)[0] as number[][]));
    expect(find("detail").dataset.exact).toBe("true");
    press("Enter");
    expect(wants).toHaveLength(1);
    press("Escape");
    expect(wants.at(-1)).toEqual(["channel", null]);
    expect(find("detail").hidden).toBe(true);
    expect(press("Escape").defaultPrevented).toBe(false);
  });

  it("follows a channel chosen elsewhere without asking again", () => {
    give(view, channelFrame(5, [[1]]));
    expect(find("detail").dataset.channel).toBe("5");
    give(view, channelFrame(null));
    expect(find("detail").hidden).toBe(true);
    expect(wants).toEqual([]);
  });

  it("is not moved back by an answer to an earlier click", () => {
    give(view, channelFrame(3));
    find("channel-next").click();
    find("channel-next").click();
    expect(wants).toEqual([
      ["channel", 4],
      ["channel", 5],
    ]);
    give(view, channelFrame(4));
    expect(find("detail").dataset).toMatchObject({ channel: "5", exact: "false" });
    give(view, channelFrame(5));
    expect(find("detail").dataset).toMatchObject({ channel: "5", exact: "true" });
    give(view, channelFrame(9));
    expect(find("detail").dataset.channel).toBe("9");
  });

  it("takes the kernel's word when the answer to a click does not come", () => {
    vi.useFakeTimers();
    give(view, channelFrame(3));
    find("channel-next").click();
    give(view, channelFrame(7, ramps(1, 4, 4)[0] as number[][]));
    expect(find("detail").dataset.channel).toBe("4");
    vi.runAllTimers();
    expect(find("detail").dataset).toMatchObject({ channel: "7", exact: "true" });
    expect(find("busy").hidden).toBe(true);
  });

  it("waits for nothing when two clicks lead back to what the kernel shows", () => {
    vi.useFakeTimers();
    give(view, channelFrame(3));
    find("channel-next").click();
    find("channel-before").click();
    expect(wants.at(-1)).toEqual(["channel", 3]);
    vi.advanceTimersByTime(1000);
    expect(find("busy").hidden).toBe(true);
    vi.runAllTimers();
    expect(find("detail").dataset.channel).toBe("3");
  });

  it("can be asked again for a channel after an error", () => {
    press("Enter");
    const header = { kind: "error", scope: "channel", message: "no memory", detail: "Traceback" } as const;
    give(view, { header, arrays: {} });
    expect(find("detail").dataset.channel).toBe("0");
    press("Enter");
    expect(wants).toEqual([
      ["channel", 0],
      ["channel", 0],
    ]);
    give(view, { header, arrays: {} });
    give(view, channelFrame(2));
    expect(find("detail").dataset.channel).toBe("2");
  });

  it("steps in the order shown", () => {
    give(view, channelFrame(15));
    pick("order", "mean");
    find("channel-next").click();
    expect(wants.at(-1)).toEqual(["channel", 14]);
  });

  it("does not take the values of another sample for its own", () => {
    give(view, channelFrame(2, ramps(1, 4, 4)[0] as number[][]));
    give(view, gridFrame(ramps(16, 4, 4), { sample: 1 }));
    expect(find("detail").dataset).toMatchObject({ channel: "2", exact: "false" });
    give(view, channelFrame(2, ramps(1, 4, 4)[0] as number[][], 1));
    expect(find("detail").dataset.exact).toBe("true");
  });

  it("keeps its settings for the next layer, until they are reset", () => {
    pick("colours", "inferno");
    find("size-s").click();
    give(view, gridFrame(ramps(4, 2, 2), { layer: "conv2" }));
    expect(find<HTMLSelectElement>("colours").value).toBe("inferno");
    expect(find("size-s").getAttribute("aria-pressed")).toBe("true");
    find("reset").click();
    expect(find<HTMLSelectElement>("colours").value).toBe("auto");
    expect(find("size-fit").getAttribute("aria-pressed")).toBe("true");
  });

  it("offers the layer's range to be fixed, and puts its ends in order", () => {
    pick("range", "fixed");
    expect(["range-low", "range-high"].map((id) => find<HTMLInputElement>(id).value)).toEqual(["0", "30"]);
    find<HTMLInputElement>("range-low").value = "50";
    find("range-low").dispatchEvent(new Event("change"));
    expect(["range-low", "range-high"].map((id) => find<HTMLInputElement>(id).value)).toEqual(["30", "50"]);
    expect([text("colour-low"), text("colour-high")]).toEqual(["30", "50"]);
  });

  it("counts dead channels of this layer only", () => {
    give(view, deadFrame("other", Array(16).fill(1)));
    expect(find("dead").hidden).toBe(true);
    give(view, deadFrame("conv1", [1, 1, ...Array(14).fill(0)]));
    expect(text("dead")).toBe("2 of 16 dead in 256 samples");
    give(view, deadFrame("conv1", [1, ...Array(15).fill(0)], 20, true));
    expect(text("dead")).toBe("1 of 16 dead in all 20 samples");
  });
});

describe("the channel over its input", () => {
  const over = (side: number): HTMLCanvasElement[] => {
    const values = Array.from({ length: side }, () => new Array<number>(side).fill(1));
    give(view, gridFrame(ramps(2, side, side)));
    const answer = channelFrame(0, values);
    answer.arrays.image = { shape: [side, side, 3], data: new Uint8Array(3 * side * side) };
    give(view, answer);
    return [...find("input").querySelectorAll("canvas")];
  };

  it("has sharp pixels, as its input has, where both are small", () => {
    expect(over(8).map((canvas) => canvas.classList.contains("iv-crisp"))).toEqual([true, true]);
  });

  it("is smooth where it is nearly as large as on the screen", () => {
    expect(over(112).map((canvas) => canvas.classList.contains("iv-crisp"))).toEqual([false, false]);
  });
});

describe("what the kernel can be asked for", () => {
  it("another index of a further axis", () => {
    const slices = [
      { name: "time", size: 8, index: 4 },
      { name: "axis 2", size: 3, index: 0 },
    ];
    give(view, gridFrame(ramps(2, 3, 3), { shape: [2, 8, 3, 3, 3], slices }));
    slide("slice-0", 6);
    slide("slice-1", 2);
    expect(wants).toEqual([
      ["slices", [6, 0]],
      ["slices", [6, 2]],
    ]);
  });

  it("another channel axis", () => {
    give(view, gridFrame(ramps(2, 3, 4)));
    expect(Array.from(find("channel-axis").children, (option) => option.textContent)).toEqual([
      "axis 0 (2)",
      "axis 1 (3)",
      "axis 2 (4)",
    ]);
    pick("channel-axis", "2");
    expect(wants).toEqual([["channelAxis", 2]]);
  });

  it("no other axis of weights, whose output channels are the tiles", () => {
    give(view, gridFrame(ramps(2, 3, 4), { of: "after step 3" }));
    expect(find("channel-axis").closest(".iv-control[hidden]")).not.toBeNull();
    give(view, gridFrame(ramps(2, 3, 4)));
    expect(find("channel-axis").closest(".iv-control[hidden]")).toBeNull();
  });

  it("tokens instead of maps", () => {
    give(view, gridFrame(ramps(2, 3, 3), { foldable: true, folded: true, extraLabels: [] }));
    find("fold-tokens").click();
    expect(wants).toEqual([["folded", false]]);
    expect(find("fold-tokens").getAttribute("aria-pressed")).toBe("true");
  });
});

describe("values that are no numbers", () => {
  it("are counted by kind", () => {
    give(
      view,
      gridFrame([
        [
          [Number.NaN, 1],
          [Infinity, Number.NaN],
        ],
        [
          [0, 1],
          [2, -Infinity],
        ],
      ]),
    );
    expect(text("non-finite")).toBe("2 NaN1 +∞1 −∞");
  });

  it("are counted over the layer when maps came reduced", () => {
    give(view, gridFrame([[[Number.NaN, 1]]], { nonfinite: 9, full: [4, 8] }));
    expect(text("non-finite")).toBe("9 not finite (NaN)");
  });
});

describe("other layouts", () => {
  it("a vector shows the value of the chosen one", () => {
    give(view, gridFrame([[[0.5]], [[-2]]], { layout: "vector", shape: [2] }));
    press("Enter");
    expect(text("value")).toBe("0.5");
    expect([text("colour-low"), text("colour-high")]).toEqual(["−2", "2"]);
  });

  it("offers colours only where values are drawn as colours", () => {
    const offered = () => ["colours", "gamma", "contrast", "colour-bar"].map((id) => !find(id).closest("[hidden]"));
    give(view, gridFrame([[[0.5]], [[-2]]], { layout: "vector", shape: [2] }));
    expect(offered()).toEqual([false, false, true, false]);
    find("vector-heat").click();
    expect(offered()).toEqual([true, true, true, true]);
    give(view, gridFrame(ramps(2, 1, 5), { layout: "strips", shape: [2, 5] }));
    expect(offered()).toEqual([true, true, true, true]);
    find("strips-line").click();
    expect(offered()).toEqual([false, false, true, false]);
  });

  it("tokens call their channels features", () => {
    give(view, gridFrame(ramps(3, 1, 5), { layout: "tokens", shape: [5, 3], channelAxis: 1 }));
    press("Enter");
    expect(text("channel-title")).toBe("Feature 0 of 3");
    expect(find("curve").hidden).toBe(false);
  });
});

it("two views on one page are apart, and leave nothing behind", () => {
  const other = document.createElement("div");
  document.body.append(other);
  const second = create(other, { want: () => {}, upload: () => {} });
  give(second, gridFrame(ramps(2, 2, 2)));
  give(view, gridFrame(ramps(3, 2, 2), { layer: "conv2" }));
  expect(text("layer")).toBe("conv2");
  expect(find("layer", other).textContent).toBe("conv1");
  expect(find("active-tile").id).not.toBe(find("active-tile", other).id);
  second.destroy();
  expect(other.childElementCount).toBe(0);
  expect(text("layer")).toBe("conv2");
  other.remove();
});
