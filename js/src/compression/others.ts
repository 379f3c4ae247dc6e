// The other layers that are compressed at the same time: each can be let go, and the chosen one kept.
import type { CompressionFrame } from "../frames";
import { h, setText } from "../ui/dom";
import { CLOSE, icon } from "../ui/icons";
import { basisName } from "./setting";

export interface Others {
  readonly element: HTMLElement;
  show(header: CompressionFrame["header"], off: boolean): void;
}

export function others(pin: () => void, unpin: (layer: string) => void): Others {
  let shown: CompressionFrame["header"] | undefined;
  const keep = h(
    "button",
    {
      type: "button",
      class: "iv-button",
      title: "This layer stays compressed when you choose another one, so that both are compressed together",
      "aria-pressed": "false",
      "data-testid": "pin",
      onclick: () => (shown?.pinned ? unpin(shown.layer) : pin()),
    },
    "Keep compressed",
  );
  const name = h("span", { class: "iv-muted" });
  const list = h("span", { class: "iv-compression-others", "data-testid": "also" });
  return {
    element: h("div", { class: "iv-compression-together" }, keep, name, list),
    show(header, off) {
      shown = header;
      keep.disabled = off;
      keep.setAttribute("aria-pressed", String(header.pinned));
      setText(name, "Also compressed:");
      name.hidden = list.hidden = !header.also.length;
      list.replaceChildren(
        ...header.also.map(({ layer, basis, rank }) =>
          h(
            "button",
            {
              type: "button",
              class: "iv-button",
              title: `Compress ${layer} no more`,
              "data-layer": layer,
              onclick: () => unpin(layer),
            },
            h("span", null, `${layer} · ${basisName(basis)} ${rank}`),
            icon(CLOSE),
          ),
        ),
      );
    },
  };
}
