// @vitest-environment happy-dom
// The dashboard: tabs that are filled when they are looked at, columns that fold, a view that takes the whole window.
import { beforeEach, describe, expect, it } from "vitest";
import type { ViewFrame } from "../src/frames";
import { give } from "../src/view";
import { create } from "../src/views/dashboard";

let element: HTMLElement;
let wants: [string, unknown][];
let mounted: string[];
let gone: string[];
let lost = false;
let view: ReturnType<typeof create>;

const find = (id: string): HTMLElement => element.querySelector<HTMLElement>(`[data-testid="${id}"]`)!;
const frame = (header: Record<string, unknown>): ViewFrame => ({ header, arrays: {} }) as unknown as ViewFrame;
const TABS = [
  { title: "Channels", panels: ["channels"] },
  { title: "Embedding", panels: ["embedding", "brush"] },
  { title: "Quality", panels: ["quality"] },
];
const shown = (): string[] =>
  [...element.querySelectorAll<HTMLElement>("[role=tabpanel]")]
    .filter((page) => !page.hidden)
    .map((page) => page.dataset.testid!);
const press = (target: HTMLElement, key: string): boolean =>
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));

beforeEach(() => {
  document.body.replaceChildren();
  element = document.createElement("div");
  document.body.append(element);
  [wants, mounted, gone, lost] = [[], [], [], false];
  view = create(element, {
    want: (key, value) => wants.push([key, value]),
    upload: () => undefined,
    mount(panel) {
      mounted.push(panel);
      return { destroy: () => gone.push(panel) };
    },
    lost: () => lost,
  });
  give(view, frame({ kind: "dashboard", tabs: TABS, tab: "Channels" }));
});

describe("tabs", () => {
  it("are filled when they are first looked at, and once", () => {
    expect(mounted).toEqual(["status", "layers", "samples", "channels"]);
    find("tab-embedding").click();
    expect(shown()).toEqual(["page-embedding"]);
    expect(wants).toEqual([["tab", "Embedding"]]);
    find("tab-channels").click();
    find("tab-embedding").click();
    expect(mounted).toEqual(["status", "layers", "samples", "channels", "embedding"]);
  });

  it("are opened by Python too", () => {
    give(view, frame({ kind: "dashboard", tabs: TABS, tab: "Quality" }));
    expect(shown()).toEqual(["page-quality"]);
    expect(find("tab-quality").getAttribute("aria-selected")).toBe("true");
  });

  it("are walked through with the arrow keys", () => {
    find("tab-channels").focus();
    press(find("tab-channels"), "ArrowRight");
    expect(document.activeElement).toBe(find("tab-embedding"));
    press(find("tab-embedding"), "End");
    expect(shown()).toEqual(["page-quality"]);
    press(find("tab-quality"), "ArrowRight");
    expect(shown()).toEqual(["page-channels"]);
  });

  it("can be looked at when the kernel is gone, which is not asked any more", () => {
    lost = true;
    find("tab-quality").click();
    expect(shown()).toEqual(["page-quality"]);
    expect(wants).toEqual([]);
  });
});

it("gives what is selected room only while something is", () => {
  find("tab-embedding").click();
  expect(find("place-brush").hidden).toBe(true);
  expect(mounted).not.toContain("brush");
  give(view, frame({ kind: "selection", count: 3 }));
  expect(find("place-brush").hidden).toBe(false);
  expect(mounted).toContain("brush");
  give(view, frame({ kind: "selection", count: 0 }));
  expect(find("place-brush").hidden).toBe(true);
});

it("folds a column to a strip, and remembers it for the next dashboard", () => {
  const dashboard = find("dashboard");
  find("fold-left").click();
  expect(dashboard.hasAttribute("data-folded-left")).toBe(true);
  expect(document.activeElement).toBe(find("unfold-left"));
  const other = document.createElement("div");
  const again = create(other, {
    want: () => undefined,
    upload: () => undefined,
    mount: () => ({ destroy: () => undefined }),
    lost: () => false,
  });
  expect(other.firstElementChild?.hasAttribute("data-folded-left")).toBe(true);
  again.destroy();
  find("unfold-left").click();
  expect(dashboard.hasAttribute("data-folded-left")).toBe(false);
});

it("makes a column wider and narrower with the arrow keys, within bounds", () => {
  const [dashboard, grip] = [find("dashboard"), find("edge-right")];
  Object.defineProperty(dashboard, "clientWidth", { value: 1000 });
  for (let i = 0; i < 50; i++) press(grip, "ArrowLeft");
  expect(Number(grip.getAttribute("aria-valuenow"))).toBeGreaterThanOrEqual(168);
  expect(Number(grip.getAttribute("aria-valuenow"))).toBeLessThanOrEqual(400);
  grip.dispatchEvent(new MouseEvent("dblclick"));
  expect(dashboard.style.getPropertyValue("--iv-right")).toBe("");
});

it("says in its drop-down which layer is chosen, and closes it with the choice", () => {
  give(view, frame({ kind: "selected", layer: "conv1" }));
  const [dashboard, button] = [find("dashboard"), find("layers-button")];
  expect(button.textContent).toContain("conv1");
  button.click();
  expect(dashboard.hasAttribute("data-dropped")).toBe(true);
  expect(button.getAttribute("aria-expanded")).toBe("true");
  give(view, frame({ kind: "selected", layer: "conv2" }));
  expect(dashboard.hasAttribute("data-dropped")).toBe(false);
  button.click();
  document.body.dispatchEvent(new Event("pointerdown", { bubbles: true }));
  expect(dashboard.hasAttribute("data-dropped")).toBe(false);
});

it("explains the tab that is open", () => {
  expect(find("help-text").textContent).toContain("one channel of the chosen layer");
  find("tab-quality").click();
  expect(find("help-text").textContent).toContain("how well each layer keeps the classes apart");
});

it("lets go of every view", () => {
  view.destroy();
  expect(gone).toEqual(mounted);
  expect(element.childElementCount).toBe(0);
});
