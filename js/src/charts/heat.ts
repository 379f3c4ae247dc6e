// A heat map over x: histograms over time.
import { plot } from "./plot";
import type { Heat, HeatData, HeatOptions } from "./types";

/** `heat(options)`, then `show(data)`: a picture with a colour bar, on the x axis of its group. */
export function heat(options: HeatOptions = {}): Heat {
  return plot<HeatData>(options, (data) => ({
    title: data.title,
    about: [data.about, data.bar && `Colours: ${data.bar.name}, from ${data.bar.low} to ${data.bar.high}`]
      .filter(Boolean)
      .join(". "),
    series: [],
    x: { low: data.edges[0], high: data.edges[data.edges.length - 1], ...data.x },
    y: {
      label: data.yLabel,
      low: data.shown?.[0] ?? 0,
      high: data.shown?.[1] ?? data.bins,
      ticks: data.yTicks,
    },
    marks: data.marks,
    heat: data,
  }));
}
