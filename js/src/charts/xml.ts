// XML as text: what is written is escaped.
import type { Pen } from "./shapes";

const SAFE: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
/** Text for XML: escaped, without the control characters that no XML may have. */
export const escaped = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go
  text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "").replace(/[&<>"']/g, (c) => SAFE[c]!);

export const short = (value: number): string => String(Math.round(100 * value) / 100);

type Attributes = Record<string, string | number | null>;
/** An element: `tag("line", { x1: 0 })`; attributes that are null are left out, `content` is XML. */
export const tag = (name: string, attributes: Attributes, content = ""): string => {
  const written = Object.entries(attributes).flatMap(([key, value]) =>
    value === null ? [] : [` ${key}="${escaped(typeof value === "number" ? short(value) : value)}"`],
  );
  return `<${name}${written.join("")}${content ? `>${content}</${name}>` : "/>"}`;
};
/** An SVG text. */
export const text = (content: string, attributes: Attributes): string => tag("text", attributes, escaped(content));

/** A pen that writes the `d` of a path. */
export function pathPen(): Pen & { readonly d: string } {
  let d = "";
  return {
    get d() {
      return d;
    },
    moveTo: (x, y) => {
      d += `M${short(x)} ${short(y)}`;
    },
    lineTo: (x, y) => {
      d += `L${short(x)} ${short(y)}`;
    },
    // Dots are whole circles, begun at their right.
    arc: (_x, _y, radius) => {
      const [r, way] = [short(radius), short(2 * radius)];
      d += `a${r} ${r} 0 1 1 -${way} 0a${r} ${r} 0 1 1 ${way} 0`;
    },
    closePath: () => {
      d += "Z";
    },
  };
}
