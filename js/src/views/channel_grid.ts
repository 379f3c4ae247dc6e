// The channels of a layer for one sample, as tiles; the chosen one in a panel beside them.
import type { ChannelFrame, GridFrame } from "../frames";
import { createDetail, valuesOf } from "../grid/detail";
import { createLegend } from "../grid/legend";
import { orderOf, placesOf } from "../grid/order";
import { makePicture, type Picture } from "../grid/picture";
import { channelPicture, fileName, gridPicture, saveCanvas } from "../grid/save";
import { type Dead, deadOf, type Scene } from "../grid/scene";
import { defaults, rampMaker } from "../grid/settings";
import { createStage } from "../grid/stage";
import { createToolbar } from "../grid/toolbar";
import { choice } from "../ui/choice";
import { h } from "../ui/dom";
import { errorBanner } from "../ui/error";
import { workOf } from "../ui/work";
import type { Create } from "../view";

// What is waited for; the search for dead channels goes on behind the tiles.
const SHOWN = new Set(["grid", "channel"]);

export const create: Create<"channel_grid"> = (element, callbacks) => {
  let settings = defaults();
  let picture: Picture | undefined;
  let dead: { layer: string; found: Dead } | undefined;
  let order: Uint32Array = new Uint32Array();
  let orderedBy = "";
  let answer: ChannelFrame | undefined;
  const ramp = rampMaker();

  const errors = errorBanner();
  const work = workOf({ stop: (scope) => callbacks.want("stop", scope) });
  const legend = createLegend();

  const chosen = choice<number | null>(() => follow());
  const selected = (): number | null => chosen.shown ?? null;

  const scene = (): Scene | undefined => {
    if (!picture) return undefined;
    const found = dead?.layer === picture.header.layer ? dead.found : null;
    // Read along another axis, the layer has other channels than those that were looked at.
    const fits = found !== null && found.flags.length === picture.channels;
    return { picture, settings, order, ramp: ramp(settings, picture), dead: fits ? found : null };
  };

  const exact = (): ChannelFrame | null => {
    if (!picture || !answer || selected() === null) return null;
    const { header } = answer;
    const same = header.layer === picture.header.layer && header.sample === picture.header.sample;
    return same && header.channel === selected() ? answer : null;
  };

  const showDetail = (now: Scene): void => {
    const channel = selected();
    if (channel === null || channel >= now.picture.channels) detail.hide();
    else detail.show(now, channel, exact());
  };

  const draw = (): void => {
    const now = scene();
    if (!now) return;
    empty.hidden = true;
    main.hidden = false;
    toolbar.show(now.picture, settings);
    legend.show(now);
    showDetail(now);
    stage.select(selected(), false);
    stage.show(now);
  };

  const sort = (): void => {
    if (!picture) return;
    order = orderOf(picture, settings.order, settings.descending);
    orderedBy = `${settings.order}/${settings.descending}`;
  };

  /** Show the channel that is chosen now, and bring it into sight. */
  const select = (): void => {
    const open = detail.open;
    const now = scene();
    if (now) showDetail(now);
    // Opening the panel narrows the tiles: they are laid out anew first, so that the chosen one can be brought into sight.
    if (detail.open !== open) stage.relayout();
    stage.select(selected(), true);
  };
  const follow = (): void => {
    work.answered();
    select();
  };

  const choose = (channel: number | null): void => {
    if (!chosen.ask(channel)) return;
    callbacks.want("channel", channel);
    // Back at what is shown: where the two clicks reach the kernel as one, it has nothing to answer.
    if (channel === (chosen.said ?? null)) work.answered();
    else if (channel !== null) work.expect();
    select();
  };
  const close = (): boolean => {
    if (selected() === null) return false;
    choose(null);
    stage.focus();
    return true;
  };

  const stage = createStage({
    open: choose,
    escape: close,
    painted() {
      if (!picture) return;
      element.dataset.painted = `${picture.header.layer}/${picture.header.sample}`;
      element.dataset.paintedAt = String(performance.now());
    },
  });
  const toolbar = createToolbar({
    settings(next) {
      settings = next;
      if (orderedBy !== `${settings.order}/${settings.descending}`) sort();
      draw();
    },
    want(...asked) {
      work.expect();
      callbacks.want(...asked);
    },
    save() {
      const now = scene();
      if (!now) return;
      try {
        saveCanvas(
          gridPicture(now, stage.room(), element),
          fileName(now.picture.header.layer, now.picture.header.sample),
        );
        errors.clear("save");
      } catch (error) {
        errors.say("save", `The picture could not be saved: ${(error as Error).message}.`);
      }
    },
  });
  const detail = createDetail({
    close,
    step(by) {
      const channel = selected();
      if (channel === null || !order.length) return;
      const place = placesOf(order)[channel] ?? 0;
      choose(order[(place + by + order.length) % order.length]!);
    },
    save() {
      const now = scene();
      const channel = selected();
      if (!now || channel === null) return;
      const canvas = channelPicture(now, channel, valuesOf(now, channel, exact()), element);
      saveCanvas(canvas, fileName(now.picture.header.layer, now.picture.header.sample, channel));
    },
  });

  const empty = h("div", { class: "iv-empty", "data-testid": "empty" }, "Choose a layer to see its channels.");
  const main = h(
    "div",
    { class: "iv-main" },
    toolbar.title,
    toolbar.tools,
    h("div", { class: "iv-body" }, stage.element, detail.element),
    legend.element,
  );
  main.hidden = true;
  const root = h(
    "div",
    { class: "iv-grid", "data-testid": "channel-grid" },
    work.line,
    errors.element,
    work.note,
    empty,
    main,
  );
  element.append(root);

  const grid = (frame: GridFrame): void => {
    work.answered();
    picture = makePicture(frame);
    sort();
    draw();
  };

  const channel = (frame: ChannelFrame): void => {
    const before = selected();
    answer = frame;
    if (!chosen.hear(frame.header.channel)) return;
    work.answered();
    const now = scene();
    if (selected() !== before) select();
    else if (now) showDetail(now);
  };

  return {
    takes: {
      grid,
      channel,
      busy(frame) {
        if (SHOWN.has(frame.header.scope)) work.show(frame);
      },
      error(frame) {
        if (!frame.header.over) {
          work.answered();
          chosen.release();
        }
        errors.show(frame);
      },
      selected({ header: { layer } }) {
        if (layer !== null && layer !== picture?.header.layer) work.expect();
      },
      dead(frame) {
        const { layer } = frame.header;
        dead = { layer, found: deadOf(frame) };
        if (picture?.header.layer === layer) draw();
      },
    },
    destroy() {
      work.destroy();
      chosen.destroy();
      stage.destroy();
      root.remove();
      delete element.dataset.painted;
      delete element.dataset.paintedAt;
    },
  };
};
