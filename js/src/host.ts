// Connects the views of a page to its anywidget model. The only file that knows Jupyter.
import type { AnyModel } from "@anywidget/types";
import { type Ask, dress, take } from "./modules";
import { type Place, place } from "./place";
import type { Binary, Frame } from "./wire";
import { decode, encode } from "./wire";

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

const REST_MS = 300; // a view that is moved, as into a window of its own, is gone for less

const LOST =
  "The kernel was restarted or is gone: run the cell again to go on. What is shown here can still be looked at.";

let stamps = 0;
// Two tabs may show one widget: a stamp is unique over both, and asking twice for the same thing is two requests.
const stamp = (): string =>
  `${Date.now().toString(36)}-${(stamps++).toString(36)}-${Math.random().toString(36).slice(2, 8)}`;

interface Kernel {
  statusChanged: { connect(heard: (kernel: unknown, status: string) => void): void };
}
const hasKernel = (manager: unknown): manager is { kernel: Kernel } =>
  typeof manager === "object" &&
  manager !== null &&
  "kernel" in manager &&
  typeof manager.kernel === "object" &&
  manager.kernel !== null &&
  "statusChanged" in manager.kernel;

function whenDead(manager: unknown, lose: () => void): void {
  if (!hasKernel(manager)) return;
  manager.kernel.statusChanged.connect((_, status) => {
    if (["restarting", "autorestarting", "dead"].includes(status)) lose();
  });
}

/** The anywidget module. A factory: anywidget calls it once for each widget, so the last frames live in its scope. */
export function host() {
  const kept = new Map<string, Map<string, Frame[]>>(); // by panel, and by what they are about
  const places = new Set<Place>();
  const notices = new Set<HTMLElement>();
  let rendered = 0;
  let hidden = false;
  let lost = false;

  const lose = (): void => {
    lost = true;
    for (const notice of notices) notice.hidden = false;
  };

  // JupyterLab gives each buffer as a DataView; other hosts as an array of bytes or an ArrayBuffer, or give no list.
  const receive = (
    message: { type?: string; panel?: string; files?: string[] },
    buffers?: readonly Binary[] | null,
  ): void => {
    if (message?.type === "modules") take(message.files ?? [], buffers ?? []);
    if (message?.type !== "frame" || message.panel === undefined || !buffers?.[0]) return;
    const frame = decode(buffers[0]);
    const { kind, scope, over, follows } = frame.header;
    // A frame replaces what its kind said before of the same request, or adds to it. As Panel.push does.
    const key = scope === undefined ? String(kind) : `${kind}:${scope}`;
    const frames = kept.get(message.panel) ?? new Map<string, Frame[]>();
    kept.set(message.panel, frames);
    const before = frames.get(key) ?? [];
    frames.delete(key);
    if (!over) frames.set(key, follows ? [...before, frame] : [frame]);
    for (const one of places) if (one.panel === message.panel) one.show(frame);
  };

  return {
    initialize({ model }: { model: Model }) {
      model.on("msg:custom", receive);
      // ipywidgets tells of a restart, and JupyterLab's kernel of a crash. Other hosts tell of neither.
      model.on("comm_live_update", lose);
      whenDead(model.widget_manager, lose);
      return () => {
        model.off("msg:custom", receive);
        model.off("comm_live_update", lose);
      };
    },
    render({ model, el }: { model: Model; el: HTMLElement }) {
      const { root, style, panels } = model.get("contents");
      const ask: Ask = (files, have) => {
        if (lost) throw new Error("the kernel is gone, and it was not opened before");
        model.send({ type: "modules", files, have });
      };
      const want = (path: string, value: unknown): void => {
        model.set("want", { ...model.get("want"), [path]: { value, at: stamp() } });
        model.save_changes();
      };

      const notice = document.createElement("p");
      notice.className = "iv-lost";
      notice.setAttribute("role", "status");
      notice.textContent = LOST;
      notice.hidden = !lost;
      notices.add(notice);
      el.append(notice);

      const mount = (panel: string, element: HTMLElement): Place => {
        const mounted: Place = place(panel, panels[panel] ?? "", element, ask, {
          frames: () => [...(kept.get(panel)?.values() ?? [])].flat(),
          callbacks: {
            want(key, value) {
              if (lost) mounted.again();
              else want(`${panel}/${key}`, value);
            },
            upload(header, arrays) {
              const frame = encode(header, arrays);
              if (lost) mounted.again();
              else model.send({ type: "frame", panel }, undefined, [frame.buffer as ArrayBuffer]);
            },
            mount,
            lost: () => lost,
          },
          closed: () => places.delete(mounted),
        });
        places.add(mounted);
        return mounted;
      };

      el.classList.add("innerview");
      rendered++;
      if (hidden) want("page/shown", true);
      hidden = false;
      let notebook: Element | null = null;
      let mounted: Place | undefined;
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
        notices.delete(notice);
        notice.remove();
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
