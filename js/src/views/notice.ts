// What a view made of several widgets has to say above them all: how far its work is, and what went wrong.
import type { BusyFrame, Create, ErrorFrame, ViewFrame } from "../frames";
import { busyBar } from "../ui/busy";
import { h } from "../ui/dom";
import { errorBanner } from "../ui/error";

export const create: Create = (element) => {
  const busy = busyBar();
  const errors = errorBanner();
  const root = h("div", { class: "iv-notice", "data-testid": "notice" }, busy.element, errors.element);
  element.append(root);
  return {
    update(frame: ViewFrame) {
      const { kind } = frame.header;
      if (kind === "busy") busy.show(frame as BusyFrame);
      else if (kind === "error") errors.show(frame as ErrorFrame);
    },
    destroy() {
      busy.destroy();
      root.remove();
    },
  };
};
