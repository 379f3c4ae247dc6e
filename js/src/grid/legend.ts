// Below the channels: what the colours and marks mean.
import { gradient, NAN_COLOUR, NEGATIVE_INFINITY_COLOUR, POSITIVE_INFINITY_COLOUR } from "../ui/colormaps";
import { h, setText } from "../ui/dom";
import { count, number } from "../ui/format";
import type { NonFinite } from "./codes";
import { silent } from "./picture";
import type { Scene } from "./scene";
import { coloured, mapOf, rangeKind, windowOf } from "./settings";

export interface Legend {
  readonly element: HTMLElement;
  show(scene: Scene): void;
}

/** The words at both ends of the colour bar, and what they are of when each tile has its own. */
export function endsOf(scene: Scene): [low: string, high: string, of: string] {
  const { settings, picture } = scene;
  if (rangeKind(settings, picture) !== "tile") {
    const [from, to] = windowOf(settings, picture);
    return [number(from), number(to), ""];
  }
  const unit = picture.layout === "tokens" ? "feature" : picture.layout === "strips" ? "strip" : "tile";
  if (mapOf(settings, picture) === "signed") return ["−max |x|", "+max |x|", `of each ${unit}`];
  return ["min", "max", `of each ${unit}`];
}

/** The counts of what is no number, with their colours: "3 NaN", "1 +∞". Empty when all is finite. */
export function nonFiniteTexts(found: NonFinite & { total?: number }): { colour: string; text: string }[] {
  const kinds = [
    { colour: NAN_COLOUR, n: found.nan, name: "NaN" },
    { colour: POSITIVE_INFINITY_COLOUR, n: found.positive, name: "+∞" },
    { colour: NEGATIVE_INFINITY_COLOUR, n: found.negative, name: "−∞" },
  ].filter(({ n }) => n > 0);
  const sent = kinds.reduce((sum, { n }) => sum + n, 0);
  const total = found.total ?? sent;
  if (sent === total) return kinds.map(({ colour, n, name }) => ({ colour, text: `${count(n)} ${name}` }));
  // Where maps were reduced for sending, or class tokens are not finite, the pixels do not add up to the values.
  const names = kinds.map(({ name }) => name).join(", ");
  return [{ colour: kinds[0]?.colour ?? NAN_COLOUR, text: `${count(total)} not finite${names && ` (${names})`}` }];
}

function deadText({ dead, picture }: Scene): string {
  if (!dead) return "";
  const found = dead.flags.reduce((sum, flag) => sum + flag, 0);
  return `${count(found)} of ${count(picture.channels)} dead in ${dead.over}`;
}

export function createLegend(): Legend {
  const low = h("span", { "data-testid": "colour-low" });
  const high = h("span", { "data-testid": "colour-high" });
  const of = h("span", { class: "iv-muted", "data-testid": "colour-of" });
  const bar = h("span", { class: "iv-colour-bar" });
  const odd = h("span", { class: "iv-odd", "data-testid": "non-finite" });
  const dead = h("span", {
    "data-testid": "dead",
    title: "Never above zero in the samples looked at; drawn dimmed, with a cross",
  });
  const quiet = h("span", {
    "data-testid": "silent",
    title: "All values of the channel are equal for this sample; marked with a ring",
  });
  const extra = h("span", { "data-testid": "extra" });
  const colours = h("span", { class: "iv-bar-group", "data-testid": "colour-bar" }, low, bar, high, of);
  const element = h("div", { class: "iv-legend" }, colours, odd, dead, quiet, extra);
  return {
    element,
    show(scene) {
      const { picture } = scene;
      colours.hidden = !coloured(scene.settings, picture);
      const [from, to, each] = endsOf(scene);
      setText(low, from);
      setText(high, to);
      setText(of, each);
      bar.style.background = gradient(scene.ramp);
      const texts = nonFiniteTexts(picture.nonFinite);
      odd.hidden = !texts.length;
      odd.replaceChildren(
        ...texts.map(({ colour, text }) =>
          h("span", null, h("i", { class: "iv-swatch", style: `background:${colour}` }), text),
        ),
      );
      setText(dead, deadText(scene));
      let still = 0;
      for (let c = 0; c < picture.channels; c++) if (silent(picture, c)) still++;
      setText(quiet, still ? `${count(still)} silent here` : "");
      setText(extra, picture.arrays.extra ? `Squares: ${picture.header.extraLabels.join(", ")} token` : "");
      for (const part of [dead, quiet, extra]) part.hidden = !part.textContent;
    },
  };
}
