// The chosen sample itself: an image, a signal, or text.
import type { SampleFrame } from "../frames";
import { h, setText } from "../ui/dom";
import { shapeText } from "../ui/format";
import { paint } from "../ui/pixels";
import { FEW_PIXELS, fittedSize } from "./selection";
import { signalPlot } from "./signal";

export interface PictureArea {
  readonly element: HTMLElement;
  /** In words: the sample's shape, and how the picture was made of it. */
  readonly about: HTMLElement;
  show(frame: SampleFrame): void;
  destroy(): void;
}

export function pictureArea(): PictureArea {
  const canvas = h("canvas", { class: "iv-sample-image", role: "img", "data-testid": "sample-image" });
  const frame = h("div", { class: "iv-sample-frame", "data-testid": "sample-picture" });
  const about = h("p", { class: "iv-sample-about iv-muted", "data-testid": "sample-about" });
  let natural: [number, number] | undefined;
  let room: [number, number] = [0, 0];

  const size = (): void => {
    if (!natural || !room[0] || !room[1]) return; // hidden: the observer tells when it is not
    const [width, height] = fittedSize(natural, room, window.devicePixelRatio || 1);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  };
  const watch = new ResizeObserver(() => {
    room = [frame.clientWidth, frame.clientHeight];
    size();
  });
  watch.observe(frame);

  return {
    element: frame,
    about,
    show({ header, arrays }) {
      const { image, signal } = arrays;
      frame.dataset.input = header.input;
      natural = undefined;
      const name = header.sample === null ? header.name || "your own image" : `sample ${header.sample}`;
      if (header.input === "image" && image) {
        const [height = 1, width = 1] = image.shape;
        paint(canvas, image);
        canvas.classList.toggle("iv-sharp", Math.max(width, height) < FEW_PIXELS);
        canvas.setAttribute("aria-label", header.label === null ? name : `${name}, label ${header.label}`);
        if (canvas.parentNode !== frame) frame.replaceChildren(canvas);
        natural = [width, height];
        size();
      } else if (header.input === "signal" && signal) {
        frame.replaceChildren(signalPlot(signal));
      } else {
        frame.replaceChildren(
          h(
            "pre",
            { class: "iv-sample-text", tabindex: 0, "aria-label": name, "data-lm-suppress-shortcuts": "true" },
            header.text,
          ),
        );
      }
      // Text that stands as the sample itself, and the plot's own words, are not said twice.
      const how = header.input === "image" ? header.text : "";
      setText(about, [shapeText(header.shape), how].filter(Boolean).join(" · "));
      about.title = about.textContent ?? "";
    },
    destroy: () => watch.disconnect(),
  };
}
