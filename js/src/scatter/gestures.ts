// What the pointer and the keys do on the plot.
import type { How } from "./selection";

export type Mode = "pan" | "lasso" | "rectangle" | "rotate";

export interface Gestures {
  mode: Mode;
  /** Give up the outline being drawn. False: there was none. */
  cancel(): boolean;
  destroy(): void;
}

/** All coordinates are CSS pixels from the top left corner of the surface. */
export interface GestureEvents {
  pan(dx: number, dy: number): void;
  rotate(dx: number, dy: number): void;
  zoom(factor: number, x: number, y: number): void;
  fit(): void;
  /** The outline so far, x and y in turn; null: none any more. */
  outline(points: number[] | null): void;
  /** The outline is closed. */
  select(points: number[], how: How): void;
  hover(x: number, y: number): void;
  leave(): void;
  click(x: number, y: number, how: How): void;
  key(event: KeyboardEvent): boolean;
  /** Whether there is something to rotate. */
  solid(): boolean;
}

const CLICK_PX = 4;
// Points of a lasso that are closer than this add nothing.
const STEP_PX = 3;
const WHEEL = 0.0018;

export const howOf = (event: { shiftKey: boolean; altKey: boolean; ctrlKey: boolean; metaKey: boolean }): How =>
  event.shiftKey ? "add" : event.altKey || event.ctrlKey || event.metaKey ? "subtract" : "replace";

export function gestures(surface: HTMLElement, events: GestureEvents): Gestures {
  let mode: Mode = "pan";
  let doing: "pan" | "rotate" | "lasso" | "rectangle" | undefined;
  let pointer = -1;
  let start: [number, number] = [0, 0];
  let last: [number, number] = [0, 0];
  let travelled = 0;
  let outline: number[] = [];
  let how: How = "replace";

  const at = (event: MouseEvent): [number, number] => {
    const { left, top } = surface.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const end = (): void => {
    if (doing === "lasso" || doing === "rectangle") events.outline(null);
    doing = undefined;
    outline = [];
    if (pointer >= 0 && surface.hasPointerCapture(pointer)) surface.releasePointerCapture(pointer);
    pointer = -1;
    surface.removeAttribute("data-doing");
  };

  const down = (event: PointerEvent): void => {
    if (doing || event.button > 2) return;
    const right = event.button === 2;
    if (right && !events.solid()) return;
    surface.focus({ preventScroll: true });
    event.preventDefault(); // no selection of text, no scrolling by the middle button
    how = howOf(event);
    if (right || (mode === "rotate" && event.button === 0 && how === "replace")) doing = "rotate";
    else if (event.button === 1) doing = "pan";
    else if (mode === "pan" || mode === "rotate") doing = how === "replace" ? "pan" : "lasso";
    else doing = mode;
    pointer = event.pointerId;
    surface.setPointerCapture(pointer);
    start = last = at(event);
    travelled = 0;
    outline = [...start];
    surface.dataset.doing = doing;
  };
  const move = (event: PointerEvent): void => {
    const [x, y] = at(event);
    if (!doing) {
      events.hover(x, y);
      return;
    }
    if (event.pointerId !== pointer) return;
    const [dx, dy] = [x - last[0], y - last[1]];
    travelled = Math.max(travelled, Math.hypot(x - start[0], y - start[1]));
    if (travelled < CLICK_PX) return;
    if (doing === "lasso") {
      if (Math.hypot(dx, dy) < STEP_PX) return;
      outline.push(x, y);
      events.outline(outline);
    } else if (doing === "rectangle") {
      outline = [...start, x, start[1], x, y, start[0], y];
      events.outline(outline);
    } else if (doing === "pan") events.pan(dx, dy);
    else events.rotate(dx, dy);
    last = [x, y];
  };
  const up = (event: PointerEvent): void => {
    if (!doing || event.pointerId !== pointer) return;
    const [did, points, far] = [doing, outline, travelled];
    end();
    if (far < CLICK_PX) {
      if (event.button === 0) events.click(...start, how);
    } else if ((did === "lasso" || did === "rectangle") && points.length >= 6) events.select(points, how);
  };
  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const step = Math.max(-240, Math.min(240, event.deltaY * lines));
    events.zoom(Math.exp(-step * WHEEL), ...at(event));
  };
  const keydown = (event: KeyboardEvent): void => {
    if (!events.key(event)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const menu = (event: Event): void => {
    if (events.solid()) event.preventDefault();
  };
  const double = (event: MouseEvent): void => {
    event.preventDefault();
    events.fit();
  };
  const leave = (): void => events.leave();

  surface.addEventListener("pointerdown", down);
  surface.addEventListener("pointermove", move);
  surface.addEventListener("pointerup", up);
  surface.addEventListener("pointercancel", end);
  surface.addEventListener("pointerleave", leave);
  surface.addEventListener("wheel", wheel, { passive: false });
  surface.addEventListener("dblclick", double);
  surface.addEventListener("contextmenu", menu);
  surface.addEventListener("keydown", keydown);

  return {
    get mode() {
      return mode;
    },
    set mode(next) {
      mode = next;
      surface.dataset.mode = next;
    },
    cancel() {
      const was = doing !== undefined;
      end();
      return was;
    },
    // The listeners are the surface's own and go with it.
    destroy: end,
  };
}
