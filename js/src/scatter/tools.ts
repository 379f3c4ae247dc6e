// The buttons on the plot: what a drag does, zoom, pictures.
import { h } from "../ui/dom";
import { IMAGE, icon } from "../ui/icons";
import type { Mode } from "./gestures";
import { FIT, HAND, KEEP, LASSO, MINUS, PLUS, RECTANGLE, ROTATE } from "./glyphs";

export interface Tools {
  readonly element: HTMLElement;
  mode(mode: Mode): void;
  images(on: boolean): void;
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
  keep(): void;
}): Tools {
  const button = (name: string, id: string, path: string, go: () => void): HTMLButtonElement =>
    h(
      "button",
      { type: "button", class: "iv-button", title: name, "aria-label": name, "data-testid": id, onclick: go },
      icon(path),
    );
  const modes = MODES.map(([mode, name, path]) => button(name, mode, path, () => events.mode(mode)));
  let on = true;
  const pictures = button("Pictures in place of points, where few are in view", "images", IMAGE, () => {
    on = !on;
    pictures.setAttribute("aria-pressed", String(on));
    events.images(on);
  });
  pictures.setAttribute("aria-pressed", "true");
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
    group("Pictures", pictures),
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
    images(shown) {
      on = shown;
      pictures.setAttribute("aria-pressed", String(on));
    },
    solid(solid) {
      modes[3]!.hidden = !solid;
    },
  };
}
