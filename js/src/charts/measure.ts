// How wide texts are.
const ABOUT = 0.56; // of its height, a letter where nothing measures

let context: CanvasRenderingContext2D | null | undefined;
const known = new Map<string, number>();

/** The width of a text in pixels; `font` as in CSS: "11px sans-serif". */
export function textWidth(text: string, font: string): number {
  const key = `${font}|${text}`;
  let width = known.get(key);
  if (width === undefined) {
    context ??= document.createElement("canvas").getContext("2d");
    if (context) {
      context.font = font;
      width = context.measureText(text).width;
    }
    width ??= text.length * ABOUT * (Number.parseFloat(font) || 11);
    if (known.size > 5000) known.clear(); // steps of a long run
    known.set(key, width);
  }
  return width;
}
