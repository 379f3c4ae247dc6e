// Connects a view to the anywidget model. The only file that knows Jupyter.
import type { AnyModel } from "@anywidget/types";
import { type Callbacks, type Create, typed, type View } from "./frames";
import { decode, encode, type Frame } from "./wire";

interface Wanted {
  value: unknown;
  at: string;
}
type Model = AnyModel<{ want: Record<string, Wanted> }>;

const REST_MS = 300; // a view that is moved, as into a window of its own, is gone for less

let stamps = 0;
// Two tabs may show one widget: a stamp is unique over both, and asking twice for the same thing is two requests.
const stamp = (): string =>
  `${Date.now().toString(36)}-${(stamps++).toString(36)}-${Math.random().toString(36).slice(2, 8)}`;

/** The anywidget module of a view. A factory: anywidget calls it once for each widget, so the last frames live in its scope. */
export function host(create: Create) {
  return () => {
    const kept = new Map<string, Frame>();
    const views = new Set<View>();
    let hidden = false;

    const show = (view: View, frame: Frame): void => {
      try {
        view.update(typed(frame));
      } catch (error) {
        console.error("innerview: a frame could not be drawn", frame.header, error);
      }
    };

    const receive = (message: { type?: string }, buffers: readonly DataView[]): void => {
      if (message?.type !== "frame" || !buffers[0]) return;
      const frame = decode(buffers[0]);
      const { kind, scope, over } = frame.header;
      // Errors and progress speak for one request each; everything else replaces what its kind said before.
      const key = scope === undefined ? String(kind) : `${kind}:${scope}`;
      kept.delete(key);
      if (!over) kept.set(key, frame);
      for (const view of views) show(view, frame);
    };

    return {
      initialize({ model }: { model: Model }) {
        model.on("msg:custom", receive);
        return () => model.off("msg:custom", receive);
      },
      render({ model, el }: { model: Model; el: HTMLElement }) {
        el.classList.add("innerview");
        const callbacks: Callbacks = {
          want(key, value) {
            model.set("want", { ...model.get("want"), [key]: { value, at: stamp() } });
            model.save_changes();
          },
          upload(header, arrays) {
            const frame = encode(header, arrays);
            model.send({ type: "frame" }, undefined, [frame.buffer as ArrayBuffer]);
          },
        };
        const view = create(el, callbacks);
        views.add(view);
        if (hidden) callbacks.want("shown", true);
        hidden = false;
        let notebook: Element | null = null;
        requestAnimationFrame(() => {
          notebook = el.closest(".jp-Notebook");
        });
        for (const frame of kept.values()) show(view, frame);
        // After a page reload the front end starts empty, while the kernel still holds each view's last frames.
        if (!kept.size) model.send({ type: "ready" });
        return () => {
          views.delete(view);
          view.destroy();
          // The kernel need not work for what nobody sees. A notebook that is being closed has nobody left to tell.
          setTimeout(() => {
            if (views.size || hidden || !notebook?.isConnected) return;
            hidden = true;
            try {
              callbacks.want("shown", false);
            } catch {
              // The kernel is gone, and with it the channel: ipywidgets throws "no comm channel defined".
            }
          }, REST_MS);
        };
      },
    };
  };
}
