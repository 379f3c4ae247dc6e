// @vitest-environment happy-dom
import { beforeEach, expect, it } from "vitest";
import type { StatusFrame } from "../src/frames";
import { give } from "../src/view";
import { accuracyText, create } from "../src/views/status_bar";

let element: HTMLElement;
let wants: [string, unknown][];
let view: ReturnType<typeof create>;

const find = <E extends HTMLElement>(id: string): E => element.querySelector<E>(`[data-testid="${id}"]`)!;
const status = (changes: Partial<StatusFrame["header"]> = {}): StatusFrame => ({
  header: {
    kind: "status",
    model: "LeNet",
    data: "MNIST",
    samples: 3000,
    device: "cpu",
    layer: "conv2",
    shape: [16, 10, 10],
    accuracy: null,
    jobs: [],
    note: "",
    ...changes,
  },
  arrays: {},
});
const job = (id: number, fraction: number | null = null) => ({ id, label: `job ${id}`, fraction });

beforeEach(() => {
  element = document.createElement("div");
  document.body.replaceChildren(element);
  wants = [];
  view = create(element, { want: (key, value) => wants.push([key, value]), upload: () => {} });
});

it("says which model, data and layer are looked at", () => {
  give(view, status());
  expect(
    ["model", "data", "samples", "device", "layer", "shape"].map((name) => find(`status-${name}`).textContent),
  ).toEqual(["LeNet", "MNIST", "3,000 samples", "cpu", "conv2", "16 × 10 × 10"]);
});

it("shows neither a layer nor an accuracy that there is not", () => {
  give(view, status({ layer: null, shape: null }));
  expect(
    [...element.querySelectorAll<HTMLElement>("[data-part]")]
      .filter((part) => !part.hidden)
      .map((part) => part.dataset.part),
  ).toEqual(["model", "data"]);
});

it("gives the accuracy with its interval, and over how many samples while it fills in", () => {
  const rated = { value: 0.986, low: 0.971, high: 0.993, evaluated: 512, total: 3000 };
  expect(accuracyText(rated)[0]).toBe("98.6 % on 512 of 3,000");
  expect(accuracyText(rated)[1]).toContain("from 97.1 % to 99.3 %");
  expect(accuracyText({ ...rated, evaluated: 3000 })[0]).toBe("98.6 %");
});

it("lists the jobs, cancels one, and keeps the rows of those that go on", () => {
  give(view, status({ jobs: [job(4, 0.17), job(5)] }));
  expect(find("jobs-button").textContent).toBe("2 jobs");
  const row = element.querySelector("[data-job='5']");
  element.querySelector<HTMLElement>("[data-job='4'] [data-testid=cancel]")!.click();
  expect(wants).toEqual([["cancel", 4]]);
  give(view, status({ jobs: [job(5, 0.5)] }));
  expect([...element.querySelectorAll("[data-job]")]).toEqual([row]);
  expect(find("jobs-button").textContent).toBe("1 job");
  give(view, status());
  expect(find("jobs-button").hidden).toBe(true);
});

it("leaves nothing behind", () => {
  give(view, status({ jobs: [job(1)] }));
  view.destroy();
  expect(element.innerHTML).toBe("");
});
