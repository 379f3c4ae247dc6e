// The buttons on the plot: what a drag does, zoom, pictures.
import { h } from "../ui/dom";
import { IMAGE, icon } from "../ui/icons";
import type { Mode } from "./gestures";
import { FIT, HAND, KEEP, LASSO, MINUS, NAMES, PLUS, RECTANGLE, ROTATE } from "./glyphs";

export interface Tools {
  readonly element: HTMLElement;
  mode(mode: Mode): void;
  /** Whether there is a third dimension to turn. */
  solid(on: boolean): void;
}

const MODES: readonly (readonly [Mode, string, string])[] = [
  ["pan", "Move (P): drag to move, shift-drag to select more, alt-drag to select less", HAND],
  ["lasso", "Lasso (L): draw around points; shift adds, alt takes away", LASSO],
  ["rectangle", "Rectangle (R): drag over points; shift adds, alt takes away", RECTANGLE],
  ["rotate", "Turn (T): drag to turn the points in space; the right button always does", ROTATE],
];

export function tools(events: {
  mode(mode: Mode): void;
  zoom(by: number): void;
  fit(): void;
  images(on: boolean): void;
  map(on: boolean): void;
  keep(): void;
}): Tools {
  const button = (name: string, id: string, path: string, go: () => void): HTMLButtonElement =>
    h(
      "button",
      { type: "button", class: "iv-button", title: name, "aria-label": name, "data-testid": id, onclick: go },
      icon(path),
    );
  const modes = MODES.map(([mode, name, path]) => button(name, mode, path, () => events.mode(mode)));
  /** A button that is pressed until it is pressed again. */
  const toggle = (name: string, id: string, path: string, changed: (on: boolean) => void): HTMLButtonElement => {
    const one = button(name, id, path, () => {
      const on = one.getAttribute("aria-pressed") !== "true";
      one.setAttribute("aria-pressed", String(on));
      changed(on);
    });
    one.setAttribute("aria-pressed", "true");
    return one;
  };
  const pictures = toggle("Pictures in place of points, where few are in view", "images", IMAGE, events.images);
  const names = toggle(
    "From afar: names of classes where they lie together, and lines of equal density where points cover each other",
    "names",
    NAMES,
    events.map,
  );
  const group = (name: string, ...buttons: HTMLElement[]): HTMLElement =>
    h("div", { class: "iv-scatter-tool-group", role: "group", "aria-label": name }, ...buttons);
  const element = h(
    "div",
    { class: "iv-scatter-tools", "data-testid": "tools" },
    group("What a drag does", ...modes),
    group(
      "Zoom",
      button("Zoom in (+)", "zoom-in", PLUS, () => events.zoom(1)),
      button("Zoom out (\u2212)", "zoom-out", MINUS, () => events.zoom(-1)),
      button("Show all points (0, or double click)", "fit", FIT, () => events.fit()),
    ),
    group("What is drawn with the points", pictures, names),
    group(
      "Training",
      button("Keep the model as it is now: a step of a time line under the points", "keep", KEEP, () => events.keep()),
    ),
  );
  return {
    element,
    mode(mode) {
      MODES.forEach(([name], i) => {
        modes[i]!.setAttribute("aria-pressed", String(name === mode));
      });
    },
    solid(solid) {
      modes[3]!.hidden = !solid;
    },
  };
}
