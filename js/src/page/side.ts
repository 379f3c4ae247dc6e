// A column at a side of the dashboard: its edge can be dragged, and it folds to a strip with its name.
import { h } from "../ui/dom";
import { icon, LEFT, RIGHT } from "../ui/icons";

const STEP = 16; // pixels, by an arrow key
const LEAST = 168;

// For as long as the page is there: the next dashboard looks like the last one.
const remembered: Record<string, { width?: number; folded?: boolean }> = {};

export interface Side {
  /** The column, and the edge between it and the middle. */
  readonly element: HTMLElement;
  readonly edge: HTMLElement;
  /** Where its view goes. */
  readonly place: HTMLElement;
}

export function side(which: "left" | "right", name: string, root: HTMLElement): Side {
  const mine = remembered[which] ?? {};
  remembered[which] = mine;
  const place = h("div", { class: "iv-side-place" });
  const unfold = h(
    "button",
    {
      type: "button",
      class: "iv-button iv-quiet iv-side-strip",
      title: `Show ${name.toLowerCase()}`,
      "data-testid": `unfold-${which}`,
    },
    icon(which === "left" ? RIGHT : LEFT),
    h("span", null, name),
  );
  const element = h("aside", { class: "iv-side", "data-side": which, "aria-label": name }, place, unfold);
  const fold = h(
    "button",
    {
      type: "button",
      class: "iv-button iv-quiet iv-edge-fold",
      title: `Hide ${name.toLowerCase()}`,
      "aria-label": `Hide ${name.toLowerCase()}`,
      "data-testid": `fold-${which}`,
    },
    icon(which === "left" ? LEFT : RIGHT),
  );
  const grip = h("div", {
    class: "iv-edge-grip",
    role: "separator",
    tabindex: 0,
    "aria-orientation": "vertical",
    "aria-label": `Width of ${name.toLowerCase()}`,
    "data-testid": `edge-${which}`,
    title: "Drag to resize; double click for the first width",
  });
  const edge = h("div", { class: "iv-edge", "data-side": which }, grip, fold);

  const most = (): number => Math.max(LEAST, Math.round(0.4 * root.clientWidth));
  const resize = (width: number | undefined): void => {
    mine.width = width === undefined ? undefined : Math.round(Math.min(most(), Math.max(LEAST, width)));
    if (mine.width === undefined) root.style.removeProperty(`--iv-${which}`);
    else root.style.setProperty(`--iv-${which}`, `${mine.width}px`);
    grip.setAttribute("aria-valuenow", String(Math.round(mine.width ?? element.clientWidth)));
    grip.setAttribute("aria-valuemin", String(LEAST));
    grip.setAttribute("aria-valuemax", String(most()));
  };
  const setFolded = (folded: boolean): void => {
    mine.folded = folded;
    root.toggleAttribute(`data-folded-${which}`, folded);
  };

  let from: { x: number; width: number } | undefined;
  const outward = which === "left" ? 1 : -1;
  grip.addEventListener("pointerdown", (event) => {
    grip.setPointerCapture(event.pointerId);
    from = { x: event.clientX, width: element.clientWidth };
  });
  grip.addEventListener("pointermove", (event) => {
    if (from) resize(from.width + outward * (event.clientX - from.x));
  });
  for (const end of ["pointerup", "pointercancel"])
    grip.addEventListener(end, () => {
      from = undefined;
    });
  grip.addEventListener("dblclick", () => resize(undefined));
  grip.addEventListener("keydown", (event) => {
    const by = { ArrowRight: STEP, ArrowLeft: -STEP }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    resize(element.clientWidth + outward * by);
  });
  fold.addEventListener("click", () => {
    setFolded(true);
    unfold.focus();
  });
  unfold.addEventListener("click", () => {
    setFolded(false);
    fold.focus();
  });
  resize(mine.width);
  setFolded(mine.folded ?? false);
  return { element, edge, place };
}
