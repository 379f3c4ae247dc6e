// Small line icons on a 16 x 16 grid, drawn in the colour of the text beside them.
import { svg } from "./dom";

/** The icon of an SVG path: `icon(CLOSE)`. Hidden from screen readers: the button around it has the name. */
export const icon = (path: string): SVGSVGElement =>
  svg("svg", { class: "iv-icon", viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: path }));

export const CLOSE = "M4 4l8 8M12 4l-8 8";
export const LEFT = "M10 3.5L5.5 8l4.5 4.5";
export const RIGHT = "M6 3.5L10.5 8 6 12.5";
export const DOWN = "M3.5 6L8 10.5 12.5 6";
export const ASCENDING = "M8 13V3.5M4 7l4-4 4 4";
export const DESCENDING = "M8 3v9.5M4 9l4 4 4-4";
export const SAVE = "M8 2.5v7.5M4.8 7L8 10.2 11.2 7M2.8 11v2.5h10.4V11";
export const RESET = "M3 8a5 5 0 1 0 1.6-3.7M4.6 1.8v2.7h2.7";
export const SEARCH = "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.6 10.6L14 14";
export const COPY = "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z";
export const CHECK = "M3 8.5l3.2 3.2L13 4.8";
export const WARNING = "M8 2.2L14.6 13.6H1.4zM8 6.4v3.4M8 11.6v.4";
export const NOTE = "M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM8 7.2v4M8 4.6v.3";
export const ENLARGE = "M9.5 2.5h4v4M6.5 13.5h-4v-4M13.5 2.5l-4.6 4.6M2.5 13.5l4.6-4.6";
export const SHUFFLE =
  "M2 4.5h2.2c3.4 0 4.2 7 7.6 7H14M2 11.5h2.2c1.2 0 2-.9 2.6-2M9.3 6.5c.6-1.1 1.3-2 2.5-2H14M12 2.5l2 2-2 2M12 9.5l2 2-2 2";
export const IMAGE = "M2.5 3h11v10h-11zM2.5 11l3-3.4 2.4 2.6 2-2 3.6 3.6M10.2 6.2h.1";
