// The charts of the front end, drawn by uPlot.
export { chart } from "./chart";
export { group } from "./group";
export { heat } from "./heat";
export { legend } from "./legend";
export type * from "./types";
