// Icons of the plot's tools, on the grid of ui/icons.ts.
export const HAND =
  "M5 8.5V4.2a1 1 0 0 1 2 0V7.5M7 7V3.2a1 1 0 0 1 2 0V7M9 7.2V4a1 1 0 0 1 2 0v3.6M11 7.6V5.8a1 1 0 0 1 2 0V10c0 2.4-1.6 4-4 4-1.8 0-2.7-.7-3.6-2L3 8.8a.95.95 0 0 1 1.5-1.1L5 8.5";
export const LASSO =
  "M4.6 10.2C3 9.5 2 8.3 2 6.9 2 4.5 4.7 2.8 8 2.8s6 1.7 6 4.1S11.3 11 8 11c-.6 0-1.2-.1-1.7-.2M6.4 10.9a1.3 1.3 0 1 1-2.2-1.3 1.3 1.3 0 0 1 2.2 1.3zM4.6 11.6c.2 1-.2 1.8-1.1 2.3";
export const RECTANGLE =
  "M2.5 4.2V3h1.2M6.5 3h3M12.3 3h1.2v1.2M13.5 6.8v2.4M13.5 11.8V13h-1.2M9.5 13h-3M3.7 13H2.5v-1.2M2.5 9.2V6.8";
export const ROTATE =
  "M13.5 8c0 1.7-2.5 3-5.5 3S2.5 9.7 2.5 8 5 5 8 5c1.2 0 2.3.2 3.2.6M11.7 3.2l-.3 2.5-2.5.2M8 2.5C6.6 2.5 5.5 5 5.5 8s1.1 5.5 2.5 5.5c.8 0 1.5-.8 2-2";
export const PLUS = "M8 3.5v9M3.5 8h9";
export const MINUS = "M3.5 8h9";
export const FIT = "M2.5 5.5v-3h3M10.5 2.5h3v3M13.5 10.5v3h-3M5.5 13.5h-3v-3M6 6h4v4H6z";
export const PAUSE = "M5.5 3.5v9M10.5 3.5v9";
export const PLAY = "M5 3.2l7 4.8-7 4.8z";
export const STOP = "M4 4h8v8H4z";
export const KEEP = "M4 2.5h8v11l-4-3.2-4 3.2z";
export const NAMES = "M2.5 13L7 3l4.5 10M4.3 9.3h5.4M12.5 5.5h1.5M12.5 8.5h1.5M13.5 11.5h.5";
