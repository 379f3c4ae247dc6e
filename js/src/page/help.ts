// What a tab shows and what to try there, for somebody who sees it for the first time.
import { h, uniqueId } from "../ui/dom";

const HELP: Record<string, readonly string[]> = {
  Channels: [
    "Each tile is one channel of the chosen layer: bright where it responds to the sample, dark where it does not.",
    "Click a tile to see it large, beside the part of the input that it looks at.",
    "Try: choose a layer near the input, then one near the output, and watch edges turn into parts.",
  ],
  Embedding: [
    "Each point is one sample; samples that the chosen layer treats alike lie close together.",
    "Draw a lasso around some points to select them: the panel at the right says which classes they are and which channels set them apart.",
    "Try: compare an early layer with a late one. In a good classifier the classes drift apart.",
  ],
  Similarity: [
    "Two samples are compared by the angle between their activations: 1 means the same direction, 0 nothing in common.",
    "Red are pairs of the same class, grey are all pairs. The further red lies to the right of grey, the better the layer tells classes apart.",
    "Try: look at several layers side by side, or at one layer as fewer and fewer dimensions of it are kept.",
  ],
  Compression: [
    "The layer's output is squeezed into a few directions, its rank, and unfolded again; the network goes on with what is left.",
    "Drag the slider: the tiles show what is lost, and the accuracy says whether it mattered.",
    "Try: draw the curve. Where it is flat, the layer has more dimensions than it needs.",
  ],
  Quality: [
    "The table says in numbers how well each layer keeps the classes apart, in its own space and in the pictures of it.",
    "A distance within a class that is small beside the one between classes is good; so is a high share of neighbours of the same class.",
    "Try: measure all layers, and sort by a column.",
  ],
};

export interface Help {
  readonly element: HTMLElement;
  /** Speak of this tab. */
  about(title: string): void;
}

export function help(): Help {
  const id = uniqueId("help");
  const heading = h("h3", null);
  const text = h("div", null);
  const popover = h(
    "div",
    { id, class: "iv-help", popover: "auto", role: "dialog", "data-testid": "help-text" },
    heading,
    text,
  );
  const button = h(
    "button",
    {
      type: "button",
      class: "iv-button iv-quiet",
      popovertarget: id,
      title: "What is this?",
      "aria-label": "What is this?",
      "data-testid": "help",
    },
    "?",
  );
  popover.addEventListener("toggle", () => {
    const at = button.getBoundingClientRect();
    popover.style.top = `${at.bottom + 4}px`;
    popover.style.left = `${Math.max(8, Math.min(at.right, window.innerWidth - 8) - popover.offsetWidth)}px`;
  });
  return {
    element: h("div", { class: "iv-help-place" }, button, popover),
    about(title) {
      heading.textContent = title;
      popover.setAttribute("aria-label", `${title}: what is this?`);
      text.replaceChildren(...(HELP[title] ?? []).map((sentence) => h("p", null, sentence)));
    },
  };
}
