// The card beside the pointer: the picture of a sample and what is known of it.
import { h, setText } from "../ui/dom";
import { nameTag, shortened } from "../ui/names";
import type { Picture } from "./pictures";

export interface Card {
  readonly element: HTMLElement;
  /** Names and values of facts, beside (x, y), in CSS pixels of the surface, within `width` x `height`. */
  show(sample: number, facts: readonly Fact[], picture: Picture | undefined, place: Place): void;
  hide(): void;
}
export type Fact = readonly [name: string, value: string];
export interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

const AWAY = 14;
// Letters of a name: three lines.
const LONGEST = 80;

export function card(): Card {
  const frame = h("div", { class: "iv-scatter-picture" });
  const title = h("strong");
  const facts = h("div");
  const text = h("div", { class: "iv-muted" });
  const element = h(
    "div",
    { class: "iv-scatter-card", role: "tooltip", "data-testid": "scatter-card" },
    frame,
    h("div", null, title, facts, text),
  );
  element.hidden = true;
  let shown: HTMLCanvasElement | null = null;
  return {
    element,
    hide: () => {
      element.hidden = true;
    },
    show(sample, told, picture, place) {
      const image = picture?.image ?? null;
      if (image !== shown) frame.replaceChildren(...(image ? [image] : []));
      shown = image;
      frame.hidden = picture !== undefined && !image; // room for a picture until it is known that there is none
      frame.toggleAttribute("data-small", !!image && image.width <= 40);
      setText(title, `sample ${sample}`);
      const now = told.join("\n");
      const values = shortened(
        told.map(([, value]) => value),
        LONGEST,
      );
      if (facts.dataset.lines !== now)
        facts.replaceChildren(...told.map(([name, value], i) => h("div", null, `${name} `, nameTag(value, values[i]))));
      facts.dataset.lines = now;
      setText(text, picture?.text ?? "");
      element.dataset.sample = String(sample);
      element.hidden = false;
      const { offsetWidth: width, offsetHeight: height } = element;
      // On the other side of the pointer where the plot ends.
      const left = place.x + AWAY + width > place.width ? place.x - AWAY - width : place.x + AWAY;
      const top = place.y + AWAY + height > place.height ? place.y - AWAY - height : place.y + AWAY;
      element.style.left = `${Math.max(0, left)}px`;
      element.style.top = `${Math.max(0, top)}px`;
    },
  };
}
