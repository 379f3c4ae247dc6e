// Which channels set the selected samples apart: their means, and a bar for the difference, to be clicked or walked by keys.
import { h, setText } from "../ui/dom";
import { count, number } from "../ui/format";
import { cell, keys } from "./columns";
import { type ChannelMean, type Contrast, divergingBar, edge } from "./shares";

export interface ChannelEvents {
  /** A channel is to be shown elsewhere. */
  choose(channel: number): void;
  /** So many channels are wanted in all. */
  more(count: number): void;
}

export interface Channels {
  readonly element: HTMLElement;
  show(contrast: Contrast): void;
  /** The channel enlarged elsewhere; null: none. */
  mark(channel: number | null): void;
  /** Others are on their way, or none any more. */
  wait(yes: boolean): void;
}

// Added at each "show more".
const STEP = 24;

const EXPLAINED =
  "How far the mean of the selected samples lies from that of the rest, in standard deviations; " +
  "to the right: higher in the selected. The largest differences come first.";

const NO_VALUE = "–";

// Three digits, zeros at the end included: in a column, 5.50 stands below 4.36.
const mean = (value: number | null): string => {
  if (value === null) return NO_VALUE;
  const size = Math.abs(value);
  return size >= 0.01 && size < 999.5 ? value.toPrecision(3).replace("-", "\u2212") : number(value, 3);
};

/** A standardised difference with its sign: "+2.31"; "–" where there is none. */
export function differenceText(difference: number | null): string {
  if (difference === null) return NO_VALUE;
  const size = Math.abs(difference);
  const text = size.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
  return text === "0.00" ? text : `${difference < 0 ? "\u2212" : "+"}${text}`;
}

export function channelMeans(events: ChannelEvents): Channels {
  let shown: readonly ChannelMean[] = [];
  let total = 0;
  let layer: string | null = null;
  let marked: number | null = null;

  const head = h(
    "div",
    { class: "iv-brush-row iv-brush-head", role: "row" },
    cell("columnheader", "name", "Channel"),
    ...keys(),
    h("span", { role: "columnheader", class: "iv-brush-difference", title: EXPLAINED }, "Difference"),
  );
  const body = h("div", { class: "iv-brush-body", role: "rowgroup" });
  const table = h(
    "div",
    {
      class: "iv-brush-table iv-brush-channels",
      role: "grid",
      "aria-label": "Channels, the largest difference first; Enter shows one in the channel grid",
      "data-lm-suppress-shortcuts": "true",
    },
    head,
    body,
  );
  const more = h("button", {
    type: "button",
    class: "iv-button iv-quiet iv-brush-more",
    "data-testid": "brush-more",
    onclick: () => {
      more.disabled = true;
      events.more(Math.min(total, shown.length + STEP));
    },
  });
  const of = h("span", { class: "iv-brush-layer", "data-testid": "brush-layer" });
  const title = h("h3", { class: "iv-brush-heading" }, "Mean by channel", of);
  const element = h("section", { class: "iv-brush-part", "aria-label": "Channels" }, title, table, more);

  const rows = (): HTMLElement[] => [...body.children] as HTMLElement[];
  const rowOf = (target: EventTarget | null): HTMLElement | null =>
    (target as Element | null)?.closest<HTMLElement>("[data-channel]") ?? null;
  const visit = (row: HTMLElement): void => {
    for (const other of rows()) other.tabIndex = other === row ? 0 : -1;
    row.focus();
  };
  const choose = (row: HTMLElement): void => events.choose(Number(row.dataset.channel));
  const mark = (): void => {
    for (const row of rows()) row.setAttribute("aria-selected", String(row.dataset.channel === String(marked)));
  };

  body.addEventListener("click", (event) => {
    const row = rowOf(event.target);
    if (!row) return;
    visit(row);
    choose(row);
  });
  body.addEventListener("keydown", (event) => {
    const row = rowOf(event.target);
    if (!row || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const all = rows();
    const place = all.indexOf(row);
    const to = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) visit(all[Math.min(all.length - 1, Math.max(0, to))]!);
    else if (event.key === "Enter" || event.key === " ") choose(row);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  const line = ({ channel, selected, rest, difference }: ChannelMean, most: number): HTMLElement => {
    const [from, length] = divergingBar(difference, most);
    const text = differenceText(difference);
    return h(
      "div",
      {
        class: "iv-brush-row",
        role: "row",
        tabindex: -1,
        title: `Show channel ${channel} in the channel grid\nmean ${mean(selected)} in the selected, ${mean(rest)} in the rest`,
        "data-testid": "brush-channel",
        "data-channel": channel,
      },
      cell("rowheader", "name", String(channel)),
      cell("gridcell", "number", mean(selected)),
      cell("gridcell", "number", mean(rest)),
      cell(
        "gridcell",
        "difference",
        h(
          "span",
          { class: "iv-brush-axis", "aria-hidden": "true" },
          h("span", {
            class: (difference ?? 0) < 0 ? "iv-brush-rest" : "iv-brush-selected",
            style: `left: ${from.toFixed(2)}%; width: ${length.toFixed(2)}%`,
          }),
        ),
        h("span", { class: "iv-brush-number" }, text),
      ),
    );
  };

  return {
    element,
    show(contrast) {
      const root = body.getRootNode() as Document | ShadowRoot;
      const focused = contrast.layer === layer ? rowOf(root.activeElement)?.dataset.channel : undefined;
      const stop = rows().find((row) => row.tabIndex === 0)?.dataset.channel;
      layer = contrast.layer;
      shown = contrast.channels;
      total = contrast.channelCount;
      const most = edge(shown);
      body.replaceChildren(...shown.map((one) => line(one, most)));
      mark();
      const row = rows().find((one) => one.dataset.channel === (focused ?? stop)) ?? rows()[0];
      if (row) row.tabIndex = 0;
      if (focused !== undefined && row) row.focus({ preventScroll: true });
      more.hidden = shown.length >= total;
      setText(more, `Show more of ${count(total)} channels`);
      setText(of, layer ?? "");
      of.title = layer ?? "";
      element.hidden = !shown.length;
    },
    mark(channel) {
      marked = channel;
      mark();
    },
    wait(yes) {
      element.toggleAttribute("data-waiting", yes);
      more.disabled = yes;
    },
  };
}
