// Lines, bands and histograms over x: `chart(options)`, then `show(data)` as often as there is something new.
import { plot } from "./plot";
import type { Chart, ChartData, ChartOptions } from "./types";

/**
 * A chart for the page:
 *
 *     const loss = chart({ group: run, height: 212 });
 *     element.append(loss.element);
 *     loss.show({ title: "loss", series: [{ kind: "line", name: "loss", colour: "var(--iv-ink)", x: steps, y: values }] });
 *
 * It is as wide as its container and follows the page's theme. Its place is inside of `.innerview`.
 */
export function chart(options: ChartOptions = {}): Chart {
  return plot<ChartData>(options, (data) => ({ ...data, heat: null }), options.clicked);
}
