// The page's theme, as an element has it now, and when it changes.
import type { Rgb } from "./contrast";

/** The colour that an element lies on; white where it has none. */
export function groundOf(element: Element): Rgb {
  const text = getComputedStyle(element).backgroundColor;
  const [r, g, b, alpha = 1] = [...text.matchAll(/[\d.]+/g)].map(Number);
  if (r === undefined || g === undefined || b === undefined || alpha === 0) return [255, 255, 255];
  return [r, g, b];
}

/**
 * Themes are style sheets that arrive at some later time; a colour that changes is noticed by the end of its transition,
 * which the style sheet gives to the element. (Where style sheets follow each other quickly, Chromium cancels it instead:
 * the colour has changed all the same.)
 */
export function onTheme(element: HTMLElement, changed: () => void): void {
  const hear = (event: TransitionEvent): void => {
    if (event.target === element && event.propertyName === "color") changed();
  };
  element.addEventListener("transitionend", hear);
  element.addEventListener("transitioncancel", hear);
}
