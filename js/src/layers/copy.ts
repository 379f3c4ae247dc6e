// Text to the clipboard.
import { h } from "../ui/dom";

/** Copy a text. Returns whether the browser took it. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // A page served over plain http from another machine has no navigator.clipboard; the old way works there.
    const before = document.activeElement;
    const area = h("textarea", { style: "position:fixed;top:0;opacity:0", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    try {
      return document.execCommand("copy");
    } catch {
      return false;
    } finally {
      area.remove();
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    }
  }
}
