// One chart on the page: its parts put together. What is drawn comes from a scene, what is said from readings.
import { canvas } from "./canvas";
import { crosshair } from "./crosshair";
import { dotAt } from "./dots";
import { frame } from "./frame";
import { group as makeGroup } from "./group";
import { entriesOf, legend } from "./legend";
import { textWidth } from "./measure";
import { canvasOf } from "./picture";
import { pointer } from "./pointer";
import { readout } from "./readout";
import { savePng, saveSvg } from "./save";
import { type Content, FONT, type Scene, sceneOf, stepsOf } from "./scene";
import { svgOf } from "./svg";
import { tableElement, tableOf } from "./table";
import { themed } from "./theme";
import type { CommonOptions, Interval, Series, View } from "./types";

/** Of a chart that is not laid out: its file and its read-out can still be asked for. */
const SIZE = { width: 480, height: 240 };
/** Between two tables of a training that goes on. */
const TABLE_MS = 1000;

const NONE = new Float64Array(0);

/** A chart of what `contentOf` makes of its data; `clicked` gets the places of a dot's series and of its value. */
export function plot<Data>(
  options: CommonOptions,
  contentOf: (data: Data) => Content,
  clicked?: (series: number, index: number) => void,
): View<Data> {
  const group = options.group ?? makeGroup();
  let content: Content | null = null;
  let scene: Scene | null = null;
  let places: Float64Array = NONE;
  let tabled = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const file = (): string => options.file ?? content?.title ?? "";
  const parts = frame(
    options,
    [
      { name: "Table", testid: "chart-table-toggle", checked: () => tabled, run: toggleTable },
      {
        name: "Save as PNG",
        testid: "chart-png",
        run: () => {
          parts.note("");
          savePng(svg(), file()).catch((error: unknown) => parts.note(`The chart could not be saved: ${error}`));
        },
      },
      { name: "Save as SVG", testid: "chart-svg", run: () => saveSvg(svg(), file()) },
    ],
    () => group.zoom(null),
    clicked !== undefined,
  );
  const theme = themed(draw);
  const drawing = canvas(parts.host);
  const over = readout();
  parts.host.append(over.element);
  parts.element.append(theme.element);
  const names = options.legend === false ? null : legend(group);
  if (names) parts.legend(names.element);
  const cross = crosshair({
    group,
    readout: over,
    scene: () => scene,
    places: () => places,
    whole: () => sceneNow(null).x,
    say: parts.say,
  });

  function sceneNow(interval: Interval | null): Scene {
    const { family } = theme.read();
    return sceneOf(content ?? { title: "", series: [], heat: null }, {
      width: parts.host.clientWidth || SIZE.width,
      height: parts.host.clientHeight || options.height || SIZE.height,
      interval,
      hidden: group.hidden,
      words: options.words ?? member.first,
      measure: (text) => textWidth(text, `${FONT}px ${family}`),
    });
  }

  function draw(): void {
    if (!content) return;
    scene = sceneNow(group.interval);
    const { plot: box } = scene;
    Object.assign(parts.surface.style, {
      left: `${box.left}px`,
      top: `${box.top}px`,
      width: `${box.width}px`,
      height: `${box.height}px`,
    });
    if (parts.host.clientWidth && parts.host.clientHeight) drawing.draw(scene, theme.read());
    cross.draw();
  }

  const member = group.join((what) => {
    if (what === "crosshair") return cross.draw();
    parts.zoomed(group.interval !== null);
    draw();
  });
  parts.zoomed(group.interval !== null);

  function showTable(): void {
    clearTimeout(timer);
    timer = undefined;
    parts.table(tabled && content ? tableElement(tableOf(content), content.title) : null);
  }
  function toggleTable(): void {
    tabled = !tabled;
    showTable();
  }

  function svg(): string {
    const now = sceneNow(group.interval);
    const picture = now.heat && canvasOf(now.heat);
    return svgOf({
      scene: now,
      theme: theme.read(),
      title: content?.title ?? "",
      entries: entriesOf(now.series, now.baseline),
      picture: picture ? picture.toDataURL("image/png") : null,
    });
  }

  function choose(series: Series, index: number): void {
    if (content) clicked?.(content.series.indexOf(series), index);
  }
  /** The dot of a pixel of the plot. */
  const dotOf = (left: number, top: number) =>
    clicked && scene && dotAt(scene, scene.plot.left + left, scene.plot.top + top);
  const brushTo = (span: readonly [number, number] | null): void => {
    parts.brush.hidden = span === null;
    if (span) Object.assign(parts.brush.style, { left: `${span[0]}px`, width: `${span[1] - span[0]}px` });
  };
  const hand = pointer(parts.surface, {
    moved(left, top) {
      parts.surface.style.cursor = dotOf(left, top) ? "pointer" : "";
      cross.hover(left, top);
    },
    left: cross.leave,
    brushing: brushTo,
    brushed([from, to]) {
      if (!scene) return;
      const { x, plot: box } = scene;
      group.zoom([x.value(from / box.width), x.value(to / box.width)]);
    },
    clicked(left, top) {
      const dot = dotOf(left, top);
      if (dot) choose(dot.series, dot.index);
    },
    whole: () => group.zoom(null),
  });

  parts.surface.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") hand.cancel();
    if (event.key === "Enter" || event.key === " ") {
      if (!cross.on || !clicked) return;
      const { readings, chosen } = cross.on;
      const dotted = readings.rows.filter(({ series, index }) => series?.kind === "line" && series.dots && index >= 0);
      const row = chosen < 0 ? dotted[0] : dotted.find((one) => one === readings.rows[chosen]);
      if (row?.series) choose(row.series, row.index);
    } else if (!cross.key(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  });
  parts.surface.addEventListener("blur", cross.leave);

  const resized = new ResizeObserver(draw);
  resized.observe(parts.host);

  return {
    element: parts.element,
    show(data) {
      content = contentOf(data);
      places = stepsOf(content);
      parts.title(content.title, content.about ?? "");
      names?.show(content.series, content.baseline);
      draw();
      if (tabled) timer ??= setTimeout(showTable, TABLE_MS);
    },
    svg,
    destroy() {
      clearTimeout(timer);
      resized.disconnect();
      hand.cancel();
      member.leave();
      names?.destroy();
      theme.destroy();
      drawing.destroy();
      parts.destroy();
      parts.element.remove();
      content = scene = null;
    },
  };
}
