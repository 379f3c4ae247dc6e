// The error banner of a view: what went wrong, above what was shown before, until it is dismissed or answered.
import type { ErrorFrame } from "../frames";
import { h } from "./dom";
import { CLOSE, icon, WARNING } from "./icons";

export interface ErrorBanner {
  readonly element: HTMLElement;
  /** Show a frame's error in place of the one of the same scope; or, when the frame says it is over, take that away. */
  show(frame: ErrorFrame): void;
  /** Show an error the view found itself, e.g. a file that is too large. */
  say(scope: string, message: string, detail?: string): void;
  /** Take away the error of a scope, or all. */
  clear(scope?: string): void;
}

export function errorBanner(): ErrorBanner {
  const element = h("div", { class: "iv-errors", "data-testid": "errors" });
  const shown = new Map<string, HTMLElement>();

  const clear = (scope?: string): void => {
    for (const [name, banner] of shown) {
      if (scope !== undefined && name !== scope) continue;
      banner.remove();
      shown.delete(name);
    }
  };

  const say = (scope: string, message: string, detail = ""): void => {
    clear(scope);
    if (!message) return;
    const banner = h(
      "div",
      { class: "iv-error", role: "alert", "data-scope": scope },
      icon(WARNING),
      h(
        "div",
        { class: "iv-error-text" },
        h("p", null, message),
        detail && h("details", null, h("summary", null, "Details"), h("pre", { tabindex: 0 }, detail)),
      ),
      h(
        "button",
        {
          type: "button",
          class: "iv-button iv-quiet",
          title: "Dismiss",
          "aria-label": "Dismiss this error",
          onclick: () => clear(scope),
        },
        icon(CLOSE),
      ),
    );
    shown.set(scope, banner);
    element.append(banner);
  };

  return {
    element,
    say,
    clear,
    show: ({ header }) => (header.over ? clear(header.scope) : say(header.scope, header.message, header.detail)),
  };
}
