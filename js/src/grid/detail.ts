// The panel of the chosen channel.
import type { ChannelFrame } from "../frames";
import { h, setText } from "../ui/dom";
import { count, number, percent } from "../ui/format";
import { CLOSE, icon, LEFT, RIGHT, SAVE } from "../ui/icons";
import { decodeTile } from "./codes";
import { curve } from "./curve";
import { channelName, extraReadings, remark } from "./describe";
import { histogram } from "./histogram";
import { statistic } from "./picture";
import { type Image, packImage, pictures } from "./pictures";
import { drawValues } from "./pixels";
import { codeRange, type Scene, windowAt } from "./scene";

export interface DetailEvents {
  close(): void;
  /** To the channel before or after this one in the present order. */
  step(by: 1 | -1): void;
  save(): void;
}

export interface Detail {
  readonly element: HTMLElement;
  /** Show a channel: from its tile at once, and from the frame with its exact values when that is here. */
  show(scene: Scene, channel: number, frame: ChannelFrame | null): void;
  hide(): void;
  readonly open: boolean;
}

/** The exact values if they are here, else those of the tile. */
export function valuesOf(scene: Scene, channel: number, frame: ChannelFrame | null) {
  const exact = frame?.arrays.values;
  if (exact) return { values: exact.data, height: exact.shape[0] ?? 1, width: exact.shape[1] ?? 1, approximate: false };
  const { picture } = scene;
  return {
    values: decodeTile(picture.tile(channel), ...codeRange(picture, channel)),
    height: picture.height,
    width: picture.width,
    approximate: true,
  };
}

export function createDetail(events: DetailEvents): Detail {
  const title = h("h3", { "data-testid": "channel-title" });
  const badge = h("p", { class: "iv-note iv-remark" });
  const button = (path: string, name: string, act: () => void, id: string): HTMLButtonElement =>
    h(
      "button",
      { type: "button", class: "iv-button iv-quiet", title: name, "aria-label": name, onclick: act, "data-testid": id },
      icon(path),
    );
  const maps = pictures();
  const plot = curve();
  const value = h("p", { class: "iv-value", "data-testid": "value" });
  const bins = histogram();
  const facts = h("dl", { class: "iv-facts", "data-testid": "facts" });
  const element = h(
    "section",
    { class: "iv-detail", "aria-label": "The chosen channel", "data-testid": "detail" },
    h(
      "div",
      { class: "iv-head" },
      title,
      button(LEFT, "Channel before", () => events.step(-1), "channel-before"),
      button(RIGHT, "Next channel", () => events.step(1), "channel-next"),
      button(SAVE, "Save this channel as PNG", events.save, "save-channel"),
      button(CLOSE, "Close", events.close, "close-channel"),
    ),
    badge,
    maps.element,
    plot.element,
    value,
    bins.element,
    facts,
  );
  element.hidden = true;
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    events.close();
  });

  // The input as last sent: kept, faded, until that of the next sample is here.
  let image: Image | null = null;
  let imageOf: ChannelFrame | null = null;
  let input: [number, number] | null = null;

  const list = (scene: Scene, channel: number, frame: ChannelFrame | null): void => {
    const { low, high, nonfinite } = scene.picture.arrays;
    const rows: [string, string][] = [
      ["mean", number(statistic(scene.picture, "mean", channel))],
      ["variance", number(statistic(scene.picture, "variance", channel))],
      ["min", number(low.data[channel]!)],
      ["max", number(high.data[channel]!)],
      ["zeros", percent(statistic(scene.picture, "sparsity", channel))],
      ["not finite", count(frame?.header.nonfinite ?? Number(nonfinite.data[channel]))],
      ...extraReadings(scene.picture, channel).map(([name, v]): [string, string] => [
        `${name} token`,
        `≈ ${number(v, 3)}`,
      ]),
    ];
    facts.replaceChildren(
      ...rows.map(([name, text]) =>
        h(
          "div",
          name === "not finite" && text !== "0" ? { class: "iv-odd-fact" } : null,
          h("dt", null, name),
          h("dd", null, text),
        ),
      ),
    );
  };

  return {
    element,
    get open() {
      return !element.hidden;
    },
    hide() {
      element.hidden = true;
      image = null;
      imageOf = null;
    },
    show(scene, channel, frame) {
      element.hidden = false;
      const { picture } = scene;
      element.dataset.channel = String(channel);
      element.dataset.exact = String(frame !== null);
      const name = channelName(picture, channel);
      setText(title, `${name[0]!.toUpperCase()}${name.slice(1)} of ${count(picture.channels)}`);
      setText(badge, remark(scene, channel));
      badge.hidden = !badge.textContent;
      const { values, height, width, approximate } = valuesOf(scene, channel, frame);
      if (frame && frame !== imageOf) {
        const sent = frame.arrays.image;
        image = sent ? packImage(sent.data, sent.shape[0]!, sent.shape[1]!) : null;
        input = frame.header.input ?? (image ? [image.height, image.width] : null);
        imageOf = frame;
      }
      const isMap = picture.layout === "maps";
      maps.element.hidden = !isMap;
      plot.element.hidden = isMap || picture.layout === "vector";
      value.hidden = picture.layout !== "vector";
      if (isMap) {
        const pixels = drawValues(values, scene.ramp, windowAt(scene, channel));
        maps.show({
          channel: { height, width, pixels },
          map: [height, width],
          values,
          approximate,
          image,
          input: input ?? [height, width],
          receptive: frame?.header.receptive ?? null,
          stale: frame === null,
        });
      } else if (picture.layout === "vector") setText(value, number(values[0]!, 7));
      else plot.show(values, picture.layout === "tokens" ? "token" : "position", approximate);
      const { edges, counts } = frame?.arrays ?? {};
      bins.element.hidden = picture.layout === "vector" || (frame !== null && !counts);
      if (edges && counts) bins.show(edges.data, counts.data);
      facts.hidden = picture.layout === "vector"; // a single value is its own mean and range
      list(scene, channel, frame);
    },
  };
}
