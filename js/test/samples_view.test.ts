// @vitest-environment happy-dom
// The sample picker as a person uses it, without pictures: a canvas is tested in a real browser.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ViewFrame } from "../src/frames";
import { give } from "../src/view";
import { create } from "../src/views/sample_picker";
import type { NdArray } from "../src/wire";

let element: HTMLElement;
let wants: [string, unknown][];
let uploads: [Record<string, unknown>, Record<string, NdArray>][];
let view: ReturnType<typeof create>;

const find = <E extends HTMLElement>(id: string): E => element.querySelector<E>(`[data-testid="${id}"]`)!;
const number = (): string => find<HTMLInputElement>("sample-number").value;
const frame = (header: Record<string, unknown>): ViewFrame => ({ header, arrays: {} }) as unknown as ViewFrame;
const sample = (changes: Record<string, unknown> = {}): ViewFrame =>
  frame({
    kind: "sample",
    sample: 0,
    total: 100,
    input: "values",
    text: "0.1 0.2",
    name: "",
    shape: [2],
    label: "cat",
    ...changes,
  });
const judged = (changes: Record<string, unknown> = {}): ViewFrame =>
  frame({
    kind: "judged",
    sample: 0,
    predicted: "cat",
    top: [
      { label: "cat", probability: 0.9 },
      { label: "dog", probability: 0.1 },
    ],
    notClassifier: "",
    ...changes,
  });
const page = (changes: Record<string, unknown> = {}): ViewFrame =>
  frame({
    kind: "thumbnails",
    indices: [0, 1, 2],
    labels: ["cat", "dog", "cat"],
    correct: [true, false, null],
    offset: 0,
    count: 100,
    pageSize: 3,
    classes: ["cat", "dog"],
    filter: { label: null, misclassified: false, selected: false },
    selected: 0,
    predictedUpTo: 2,
    total: 100,
    ...changes,
  });

beforeEach(() => {
  document.body.replaceChildren();
  element = document.createElement("div");
  document.body.append(element);
  wants = [];
  uploads = [];
  view = create(element, {
    want: (key, value) => wants.push([key, value]),
    upload: (header, bytes) => uploads.push([header, bytes]),
  });
});

afterEach(() => {
  view.destroy();
  vi.useRealTimers();
});

describe("choosing", () => {
  it("asks for nothing when frames come", () => {
    give(view, page());
    give(view, sample({ sample: 50 }));
    give(view, page({ offset: 3, indices: [3, 4, 5] }));
    expect(wants).toEqual([]);
  });

  it("counts on from the sample that was asked for, and turns to its page", () => {
    give(view, page());
    give(view, sample());
    for (let i = 0; i < 3; i++) find("next-sample").click();
    expect(wants.filter(([key]) => key === "sample").map(([, value]) => value)).toEqual([1, 2, 3]);
    expect(wants.filter(([key]) => key === "offset")).toEqual([["offset", 3]]);
    expect(number()).toBe("3");
  });

  it("turns back to a page that it has only just asked to leave", () => {
    give(view, page());
    give(view, sample());
    const choose = (value: string): void => {
      const field = find<HTMLInputElement>("sample-number");
      field.value = value;
      field.dispatchEvent(new Event("change"));
    };
    choose("99");
    choose("1"); // before the page of sample 99 is there
    expect(wants.filter(([key]) => key === "offset")).toEqual([
      ["offset", 99],
      ["offset", 0],
    ]);
    give(view, page({ offset: 99, indices: [99] }));
    give(view, page());
    choose("2");
    expect(wants.filter(([key]) => key === "offset")).toHaveLength(2);
  });

  it("is not moved back by the answer to an earlier click", () => {
    give(view, page());
    give(view, sample());
    find("next-sample").click();
    find("next-sample").click();
    give(view, sample({ sample: 1 }));
    expect(element.dataset.painted).toBe("1");
    expect(number()).toBe("2");
    give(view, sample({ sample: 2 }));
    find("next-sample").click();
    expect(wants.filter(([key]) => key === "sample").at(-1)).toEqual(["sample", 3]);
  });

  it("shows what the kernel said last when the answer to a click does not come", () => {
    vi.useFakeTimers();
    give(view, page());
    give(view, sample());
    find("next-sample").click();
    find("previous-sample").click(); // both may reach the kernel as one, which changes nothing
    give(view, sample({ sample: 2 }));
    expect(number()).toBe("0");
    vi.runAllTimers();
    expect(number()).toBe("2");
    expect(element.querySelector<HTMLElement>("[aria-selected=true]")!.dataset.sample).toBe("2");
    expect(find("busy").hidden).toBe(true);
    find("next-sample").click();
    expect(wants.filter(([key]) => key === "sample").at(-1)).toEqual(["sample", 3]);
  });

  it("goes back to the user's own image when the kernel said so last", () => {
    vi.useFakeTimers();
    give(view, page());
    give(view, sample());
    find("next-sample").click();
    find("previous-sample").click();
    give(view, sample({ sample: null, name: "cat.png" }));
    vi.runAllTimers();
    expect(number()).toBe("");
    expect(find("thumbnails").querySelector("[aria-selected=true]")).toBeNull();
  });

  it("waits for no number when the kernel is to choose", () => {
    give(view, page());
    give(view, sample());
    find("next-sample").click();
    find("random-sample").click();
    give(view, sample({ sample: 40 }));
    expect(number()).toBe("40");
  });

  it("follows a choice made elsewhere", () => {
    give(view, page());
    give(view, sample());
    give(view, sample({ sample: 2 }));
    expect(number()).toBe("2");
    const chosen = [...element.querySelectorAll("[aria-selected=true]")].map(
      (option) => (option as HTMLElement).dataset.sample,
    );
    expect(chosen).toEqual(["2"]);
  });

  it("leaves a step to the kernel where the page does not tell", () => {
    give(
      view,
      page({
        filter: { label: "cat", misclassified: false, selected: false },
        indices: [40, 42, 44],
        offset: 3,
        count: 9,
      }),
    );
    give(view, sample({ sample: 44 }));
    find("next-sample").click();
    expect(wants).toEqual([["step", 1]]);
  });

  it("takes the keys of a list", () => {
    give(view, page());
    give(view, sample());
    const press = (key: string) =>
      find("thumbnails").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    press("ArrowRight");
    press("End");
    press("Home");
    press("PageDown");
    expect(wants).toEqual([
      ["sample", 1],
      ["sample", 2],
      ["sample", 0],
      ["offset", 3],
    ]);
  });

  it("filters by class whatever the class is called", () => {
    give(view, page({ classes: ["all", "<b>dog</b>"] }));
    const select = find<HTMLSelectElement>("class-filter");
    select.value = "0";
    select.dispatchEvent(new Event("change"));
    select.value = "1";
    select.dispatchEvent(new Event("change"));
    expect(wants).toEqual([
      ["label", "all"],
      ["label", "<b>dog</b>"],
    ]);
    expect(select.querySelector("b")).toBeNull();
  });
});

describe("what is shown", () => {
  it("says right and wrong in words", () => {
    give(view, sample());
    give(view, judged());
    expect(find("verdict").textContent).toBe("correct");
    give(view, judged({ predicted: "dog" }));
    expect(find("verdict").textContent).toBe("wrong");
    give(view, sample({ label: null }));
    give(view, judged());
    expect(find("verdict")).toBeNull();
  });

  it("keeps the room of the bars while the prediction is under way", () => {
    give(view, sample());
    give(view, judged());
    give(view, sample({ sample: 1 }));
    give(view, judged()); // of the sample before
    expect(find("top").childElementCount).toBe(2);
    expect(element.hasAttribute("data-judged")).toBe(false);
  });

  it("says why there are no probabilities, and offers no filter that needs them", () => {
    give(view, page());
    give(view, sample());
    give(view, judged({ predicted: null, top: [], notClassifier: "the output is an image" }));
    expect(find("not-classifier").textContent).toBe("the output is an image");
    expect(find("top").hidden).toBe(true);
    expect(find<HTMLInputElement>("misclassified").disabled).toBe(true);
  });

  it("has no filters without labels, and says so", () => {
    give(view, page({ classes: [] }));
    expect(find("no-labels").hidden).toBe(false);
    expect(find<HTMLInputElement>("misclassified").closest("label")!.hidden).toBe(true);
  });

  it("says below the picture how it was made, all of it under the mouse", () => {
    give(view, sample({ input: "image", shape: [3, 224, 224], text: "normalisation undone" }));
    const about = find("sample-about");
    expect(about.textContent).toBe("3 × 224 × 224 · normalisation undone");
    expect(about.title).toBe(about.textContent);
  });

  it("shows text of the user as text", () => {
    give(view, sample({ label: "<img src=x>", text: "<script>", name: "<i>" }));
    give(view, page({ text: ["<b>a</b>", "b", "c"] }));
    expect(element.querySelector("img, script, i, b")).toBeNull();
    expect(find("label").textContent).toBe("<img src=x>");
  });
});

describe("the user's own image", () => {
  const pick = async (file: File): Promise<void> => {
    const input = find<HTMLInputElement>("file-input");
    Object.defineProperty(input, "files", { value: [file], configurable: true });
    input.dispatchEvent(new Event("change"));
    await new Promise((done) => setTimeout(done));
  };

  it("is sent to the kernel as it is", async () => {
    give(view, sample());
    await pick(new File([new Uint8Array([1, 2, 3])], "cat.png", { type: "image/png" }));
    expect(uploads).toEqual([
      [{ kind: "image", name: "cat.png" }, { bytes: { shape: [3], data: new Uint8Array([1, 2, 3]) } }],
    ]);
    expect(find("errors").childElementCount).toBe(0);
  });

  it("is refused in the view when it is no image, until one comes that is", async () => {
    give(view, sample());
    await pick(new File(["hello"], "notes.txt", { type: "text/plain" }));
    expect(uploads).toEqual([]);
    expect(element.querySelector("[role=alert]")!.textContent).toContain("notes.txt is no image");
    await pick(new File([new Uint8Array([1])], "cat.png", { type: "image/png" }));
    expect(element.querySelector("[role=alert]")).toBeNull();
  });

  it("has its name, a way back, and can be shown again", () => {
    give(view, sample({ sample: null, name: "cat.png", label: null }));
    expect(element.dataset.painted).toBe("own");
    expect(find("own-name").textContent).toBe("cat.png");
    find("back-to-dataset").click();
    give(view, sample());
    expect(find("own-name").hidden).toBe(true);
    find("own-again").click();
    expect(wants).toEqual([
      ["dataset", true],
      ["again", true],
    ]);
  });
});

it("shows errors until they are over, and goes on working", () => {
  give(view, sample());
  give(view, frame({ kind: "error", scope: "sample", message: "the model failed", detail: "Traceback" }));
  expect(element.querySelector("[role=alert]")!.textContent).toContain("the model failed");
  give(view, frame({ kind: "error", scope: "sample", message: "", detail: "", over: true }));
  expect(element.querySelector("[role=alert]")).toBeNull();
  give(view, sample({ sample: 7 }));
  expect(number()).toBe("7");
});

it("leaves nothing behind", () => {
  give(view, page());
  give(view, sample());
  view.destroy();
  expect(element.innerHTML).toBe("");
  expect({ ...element.dataset }).toEqual({});
});
