// The values of one channel along positions or tokens, as a line or as bars.
import { h, setText, svg } from "../ui/dom";
import { number } from "../ui/format";
import { range } from "../ui/range";

export interface Curve {
  readonly element: HTMLElement;
  /** `unit` names a place on the axis: "position", "token". `approximate`: from the 8-bit tile. */
  show(values: Float32Array, unit: string, approximate: boolean): void;
}

/** As `range`, with zero in it when there is one value only, so that a bar has a length. */
const finiteRange = (values: Float32Array): [number, number] => {
  const [low, high] = range(values);
  return low === high ? [Math.min(0, low), Math.max(0, high) || 1] : [low, high];
};

/** A line through values in a box of one unit a value by one unit high, with gaps where a value is not finite. */
export function linePath(values: Float32Array, low: number, high: number): string {
  let path = "";
  let down = false;
  values.forEach((value, i) => {
    const finite = Number.isFinite(value);
    if (finite) path += `${down ? "L" : "M"}${i + 0.5} ${(1 - (value - low) / (high - low)).toFixed(4)}`;
    down = finite;
  });
  return path;
}

/** Bars from zero in the same box. */
export function barPath(values: Float32Array, low: number, high: number): string {
  const y = (value: number): number => 1 - (value - low) / (high - low);
  let path = "";
  values.forEach((value, i) => {
    if (Number.isFinite(value) && value !== 0)
      path += `M${i + 0.1} ${y(0).toFixed(4)}V${y(value).toFixed(4)}h.8V${y(0).toFixed(4)}z`;
  });
  return path;
}

// Up to so many values each has a bar of its own; more are a line.
const BARS = 64;

export function curve(): Curve {
  const path = svg("path");
  const zero = svg("line", { class: "iv-zero" });
  const cursor = svg("line", { class: "iv-cursor", y1: 0, y2: 1 });
  const odd = svg("path", { class: "iv-odd" });
  const plot = svg(
    "svg",
    { class: "iv-plot iv-tall", preserveAspectRatio: "none", role: "img" },
    zero,
    odd,
    path,
    cursor,
  );
  const top = h("span");
  const bottom = h("span");
  const readout = h("p", { class: "iv-readout", "aria-live": "polite", "data-testid": "readout" });
  const element = h(
    "div",
    { class: "iv-curve", "data-testid": "curve" },
    h("div", { class: "iv-scale" }, top, bottom),
    plot,
    readout,
  );
  let values: Float32Array = new Float32Array();
  let unit = "position";
  let approximate = false;

  const rest = (): void => {
    cursor.setAttribute("visibility", "hidden");
    setText(readout, `Point at the plot to read values at a ${unit}.`);
  };
  plot.addEventListener("pointermove", (event) => {
    const bounds = plot.getBoundingClientRect();
    const at = Math.min(values.length - 1, Math.floor(((event.clientX - bounds.left) / bounds.width) * values.length));
    if (at < 0) return;
    cursor.setAttribute("visibility", "visible");
    for (const end of ["x1", "x2"]) cursor.setAttribute(end, String(at + 0.5));
    const value = values[at]!;
    setText(
      readout,
      `${unit} ${at}: ${approximate && Number.isFinite(value) ? `≈ ${number(value, 3)}` : number(value, 6)}`,
    );
  });
  plot.addEventListener("pointerleave", rest);

  return {
    element,
    show(nextValues, nextUnit, nextApproximate) {
      values = nextValues;
      unit = nextUnit;
      approximate = nextApproximate;
      const bars = values.length <= BARS;
      let [low, high] = finiteRange(values);
      if (bars) [low, high] = [Math.min(0, low), Math.max(0, high)];
      if (!(high > low)) high = low + 1;
      plot.setAttribute("viewBox", `0 0 ${Math.max(1, values.length)} 1`);
      plot.setAttribute("aria-label", `Values at each ${unit}, from ${number(low)} to ${number(high)}`);
      path.setAttribute("class", bars ? "iv-bars" : "iv-line");
      path.setAttribute("d", (bars ? barPath : linePath)(values, low, high));
      let holes = "";
      values.forEach((value, i) => {
        if (!Number.isFinite(value)) holes += `M${i} 0h1v1h-1z`;
      });
      odd.setAttribute("d", holes);
      const y = String(1 + low / (high - low));
      zero.toggleAttribute("hidden", low > 0 || high < 0);
      for (const [name, value] of Object.entries({ x1: "0", x2: String(values.length), y1: y, y2: y })) {
        zero.setAttribute(name, value);
      }
      setText(top, number(high, 3));
      setText(bottom, number(low, 3));
      rest();
    },
  };
}
