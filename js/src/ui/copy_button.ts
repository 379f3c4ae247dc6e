// A button that copies a text, and says so on its face.
import { copy } from "../layers/copy";
import { h } from "./dom";
import { CHECK, COPY, icon } from "./icons";

const SAID_MS = 1600;

export interface CopyButton {
  readonly element: HTMLButtonElement;
  destroy(): void;
}

/** `text` is asked for at the click; `refused` is told what could not be copied. */
export function copyButton(
  name: string,
  props: { title: string; "data-testid": string },
  text: () => string,
  refused: (text: string) => void,
): CopyButton {
  let timer: ReturnType<typeof setTimeout> | undefined;
  // Both faces lie in one place, so that the button keeps its width.
  const element = h(
    "button",
    { type: "button", class: "iv-button iv-copy", ...props },
    h("span", { class: "iv-copy-name" }, icon(COPY), name),
    h("span", { class: "iv-copy-done", "aria-live": "polite" }),
  );
  const done = element.lastElementChild!;
  const plain = (): void => {
    element.removeAttribute("data-copied");
    done.replaceChildren();
  };
  element.addEventListener("click", () => {
    const wanted = text();
    void copy(wanted).then((taken) => {
      if (!taken) return refused(wanted);
      element.setAttribute("data-copied", "");
      done.replaceChildren(icon(CHECK), "Copied");
      clearTimeout(timer);
      timer = setTimeout(plain, SAID_MS);
    });
  });
  return { element, destroy: () => clearTimeout(timer) };
}
