// What a projection is and costs: its matrix, the variance it keeps, its size and the activation's.
import type { ProjectionFrame } from "../frames";
import { h, setText } from "../ui/dom";
import { compact, count, percent } from "../ui/format";

export interface Facts {
  readonly element: HTMLElement;
  /** `rank` is the slider's: what it keeps is known before the kernel answers. */
  show(frame: ProjectionFrame | null, rank: number): void;
}

/** "784 B", "3.1 kB". */
export const bytes = (size: number): string => (size < 1000 ? `${size} B` : `${compact(size)}B`);

export function facts(): Facts {
  const values = new Map<string, HTMLElement>();
  const fact = (name: string, id: string, title: string): HTMLElement => {
    const value = h("dd", { "data-testid": id });
    values.set(id, value);
    return h("div", { title }, h("dt", null, name), value);
  };
  const list = h(
    "dl",
    { class: "iv-compression-facts" },
    fact("explained variance", "explained", "Share of the variance kept, of the samples it was fitted to"),
    fact("matrix", "matrix", "Dimensions and rank of the projection"),
    fact("parameters", "parameters", "Numbers that the projection itself needs"),
    fact("activation", "bytes", "Of one sample, in 32-bit numbers, before and after"),
  );
  const note = h("p", { class: "iv-compression-note iv-muted", "data-testid": "fit-note" });
  const set = (id: string, text: string): void => setText(values.get(id)!, text);
  return {
    element: h("div", null, list, note),
    show(frame, rank) {
      const header = frame?.header;
      const kept = frame?.arrays.curve.data[rank - 1];
      set("explained", kept === undefined ? "–" : percent(kept));
      set("matrix", header ? (header.matrix ? header.matrix.map(count).join(" × ") : "none") : "–");
      set("parameters", header ? count(header.parameters) : "–");
      set("bytes", header ? `${bytes(header.bytes[0])} → ${bytes(header.bytes[1])}` : "–");
      setText(note, header?.note ?? "");
      note.hidden = !header?.note;
    },
  };
}
