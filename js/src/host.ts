// Connects the views of a page to its anywidget model. The only file that knows Jupyter.
import type { AnyModel } from "@anywidget/types";
import { type CreatePage, type Mounted, type PageCallbacks, typed, type View } from "./frames";
import { type Ask, dress, load, take } from "./modules";
import { decode, encode, type Frame } from "./wire";

interface Wanted {
  value: unknown;
  at: string;
}
interface Contents {
  root: string; // the panel whose view lays out the others
  style: string;
  panels: Record<string, string>; // the file of each panel's view
}
type Model = AnyModel<{ want: Record<string, Wanted>; contents: Contents }>;
interface Place {
  panel: string;
  show(frame: Frame): void;
}

const REST_MS = 300; // a view that is moved, as into a window of its own, is gone for less

let stamps = 0;
// Two tabs may show one widget: a stamp is unique over both, and asking twice for the same thing is two requests.
const stamp = (): string =>
  `${Date.now().toString(36)}-${(stamps++).toString(36)}-${Math.random().toString(36).slice(2, 8)}`;

const isView = (module: unknown): module is { create: CreatePage } =>
  typeof module === "object" && module !== null && "create" in module && typeof module.create === "function";

/** What is said in the place of a view that cannot be drawn. */
function failure(element: HTMLElement, error: unknown): void {
  console.error("innerview: a view could not be drawn", error);
  const box = document.createElement("div");
  box.className = "iv-error";
  box.setAttribute("role", "alert");
  box.textContent = `This view could not be drawn: ${error instanceof Error ? error.message : error}`;
  element.prepend(box);
}

/** The anywidget module. A factory: anywidget calls it once for each widget, so the last frames live in its scope. */
export function host() {
  const kept = new Map<string, Map<string, Frame[]>>(); // by panel, and by what they are about
  const places = new Set<Place>();
  let rendered = 0;
  let hidden = false;

  const receive = (
    message: { type?: string; panel?: string; files?: string[] },
    buffers: readonly DataView[],
  ): void => {
    if (message?.type === "modules") take(message.files ?? [], buffers as readonly BufferSource[]);
    if (message?.type !== "frame" || message.panel === undefined || !buffers[0]) return;
    const frame = decode(buffers[0]);
    const { kind, scope, over, follows } = frame.header;
    // A frame replaces what its kind said before of the same request, or adds to it. As Panel.push does.
    const key = scope === undefined ? String(kind) : `${kind}:${scope}`;
    const frames = kept.get(message.panel) ?? new Map<string, Frame[]>();
    kept.set(message.panel, frames);
    const before = frames.get(key) ?? [];
    frames.delete(key);
    if (!over) frames.set(key, follows ? [...before, frame] : [frame]);
    for (const place of places) if (place.panel === message.panel) place.show(frame);
  };

  return {
    initialize({ model }: { model: Model }) {
      model.on("msg:custom", receive);
      return () => model.off("msg:custom", receive);
    },
    render({ model, el }: { model: Model; el: HTMLElement }) {
      const { root, style, panels } = model.get("contents");
      const want = (path: string, value: unknown): void => {
        model.set("want", { ...model.get("want"), [path]: { value, at: stamp() } });
        model.save_changes();
      };
      const ask: Ask = (files, have) => model.send({ type: "modules", files, have });

      const mount = (panel: string, element: HTMLElement): Mounted => {
        let view: View | undefined;
        let gone = false;
        const callbacks: PageCallbacks = {
          want: (key, value) => want(`${panel}/${key}`, value),
          upload(header, arrays) {
            const frame = encode(header, arrays);
            model.send({ type: "frame", panel }, undefined, [frame.buffer as ArrayBuffer]);
          },
          mount,
        };
        const place: Place = {
          panel,
          show(frame) {
            try {
              view?.update(typed(frame));
            } catch (error) {
              console.error("innerview: a frame could not be drawn", frame.header, error);
            }
          },
        };
        places.add(place);
        load(panels[panel] ?? "", ask)
          .then((module) => {
            if (gone) return;
            if (!isView(module)) throw new Error(`${panel} is no view`);
            view = module.create(element, callbacks);
            for (const frame of [...(kept.get(panel)?.values() ?? [])].flat()) place.show(frame);
          })
          .catch((error) => failure(element, error));
        return {
          destroy() {
            gone = true;
            places.delete(place);
            view?.destroy();
          },
        };
      };

      el.classList.add("innerview");
      rendered++;
      if (hidden) want("page/shown", true);
      hidden = false;
      let notebook: Element | null = null;
      let mounted: Mounted | undefined;
      let over = false;
      void dress(el, style, ask).then(() => {
        if (!over) mounted = mount(root, el);
      });
      requestAnimationFrame(() => {
        notebook = el.closest(".jp-Notebook");
        void dress(el, style, ask); // now that it stands where it will stay, perhaps in a shadow tree
      });
      // After a page reload the front end starts empty, while the kernel still holds each panel's last frames.
      if (!kept.size) model.send({ type: "ready" });
      return () => {
        over = true;
        rendered--;
        mounted?.destroy();
        // The kernel need not work for what nobody sees. A notebook that is being closed has nobody left to tell.
        setTimeout(() => {
          if (rendered || hidden || !notebook?.isConnected) return;
          hidden = true;
          try {
            want("page/shown", false);
          } catch {
            // The kernel is gone, and with it the channel: ipywidgets throws "no comm channel defined".
          }
        }, REST_MS);
      };
    },
  };
}
