// The mouse and fingers on a chart: moving shows values, dragging chooses an interval, a click chooses a dot.
const DRAG = 4; // pixels, less than which is a click

export interface Gestures {
  /** The pointer is here, in pixels from the surface's left and top. */
  moved(left: number, top: number): void;
  left(): void;
  /** An interval is being brushed, in pixels; null: no more. */
  brushing(span: readonly [number, number] | null): void;
  brushed(span: readonly [number, number]): void;
  clicked(left: number, top: number): void;
  whole(): void;
}

/** Listen on the surface over a plot; returns what ends a drag that is under way. */
export function pointer(surface: HTMLElement, gestures: Gestures): { cancel(): void } {
  let from: { id: number; left: number } | null = null;
  let dragged = false;

  const placeOf = (event: MouseEvent): [number, number] => {
    const { left, top } = surface.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const clamp = (left: number): number => Math.min(Math.max(left, 0), surface.clientWidth);
  const spanTo = (left: number): [number, number] => {
    const [a, b] = [clamp(from?.left ?? left), clamp(left)];
    return a < b ? [a, b] : [b, a];
  };
  const cancel = (): void => {
    if (!from) return;
    from = null;
    dragged = false;
    gestures.brushing(null);
  };

  surface.addEventListener("pointermove", (event) => {
    const [left, top] = placeOf(event);
    if (from?.id === event.pointerId) {
      if (event.pointerType === "mouse" && event.buttons === 0) return cancel();
      dragged ||= Math.abs(left - from.left) >= DRAG;
      if (dragged) gestures.brushing(spanTo(left));
    }
    gestures.moved(clamp(left), top);
  });
  surface.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || from) return;
    const [left, top] = placeOf(event);
    from = { id: event.pointerId, left };
    dragged = false;
    gestures.moved(clamp(left), top); // a finger comes without having moved here
    surface.setPointerCapture(event.pointerId);
  });
  surface.addEventListener("pointerup", (event) => {
    if (from?.id !== event.pointerId) return;
    const [left, top] = placeOf(event);
    const [span, brushed] = [spanTo(left), dragged];
    cancel();
    if (!brushed) gestures.clicked(left, top);
    else if (span[1] - span[0] >= DRAG) gestures.brushed(span);
  });
  surface.addEventListener("pointercancel", cancel);
  surface.addEventListener("pointerleave", (event) => {
    // What a finger pointed at is read after it was lifted, until it taps elsewhere.
    if (event.pointerType !== "touch") gestures.left();
  });
  surface.addEventListener("dblclick", () => gestures.whole());
  return { cancel };
}
