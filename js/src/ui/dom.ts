// Building elements. Text is always set as text, so that nothing a user wrote (layer names, labels, errors) becomes HTML.

type Child = Node | string | number | false | null | undefined;
/** Attributes by name; "onclick" and the like take a listener; false, null and undefined leave the attribute out. */
export type Props = Record<string, unknown>;

const SVG = "http://www.w3.org/2000/svg";

function fill<E extends Element>(element: E, props: Props | null, children: Child[]): E {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value as EventListener);
    else if (name.startsWith("aria-") && value != null) element.setAttribute(name, String(value));
    else if (value != null && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child != null && child !== false) element.append(child as Node | string);
  return element;
}

/** An HTML element: `h("button", { class: "iv-button", onclick: go }, "Go")`. */
export const h = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props | null = null,
  ...children: Child[]
): HTMLElementTagNameMap[K] => fill(document.createElement(tag), props, children);

/** An SVG element, likewise. */
export const svg = <K extends keyof SVGElementTagNameMap>(
  tag: K,
  props: Props | null = null,
  ...children: Child[]
): SVGElementTagNameMap[K] => fill(document.createElementNS(SVG, tag), props, children);

let ids = 0;
/** An id no other element of the page has: two views of one kind may stand on one page. */
export const uniqueId = (stem: string): string => `iv-${stem}-${Date.now().toString(36)}-${++ids}`;

/** Set an element's text only when it changes: screen readers announce a live region again otherwise. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
