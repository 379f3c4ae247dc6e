// Lines, bands and histograms over x: `chart(options)`, then `show(data)` as often as there is something new.
import { plot } from "./plot";
import type { Chart, ChartData, ChartOptions } from "./types";

export function chart(options: ChartOptions = {}): Chart {
  return plot<ChartData>(options, (data) => ({ ...data, heat: null }), options.clicked);
}
