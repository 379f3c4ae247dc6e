// The place of one view: its module comes when it is needed, its frames are shown, its faults stay here.
import { typed } from "./frames";
import { type Ask, load } from "./modules";
import { give, type Mounted, type PageCallbacks, type View } from "./view";
import type { Frame } from "./wire";

export interface Place extends Mounted {
  readonly panel: string;
  show(frame: Frame): void;
  /** Make the view anew, as the kernel's last frames have it. */
  again(): void;
}

interface Module {
  create(element: HTMLElement, callbacks: PageCallbacks): View;
}
const isView = (module: unknown): module is Module =>
  typeof module === "object" && module !== null && "create" in module && typeof module.create === "function";

export interface Surroundings {
  /** The frames that show what there is. */
  frames(): readonly Frame[];
  readonly callbacks: PageCallbacks;
  closed(): void;
}

export function place(
  panel: string,
  file: string,
  element: HTMLElement,
  ask: Ask,
  { frames, callbacks, closed }: Surroundings,
): Place {
  let module: Module | undefined;
  let view: View | undefined;
  let gone = false;
  let fault: HTMLElement | undefined;

  const fail = (error: unknown): void => {
    console.error("innerview: a view could not be drawn", panel, error);
    fault ??= document.createElement("p");
    fault.className = "iv-fault";
    fault.setAttribute("role", "alert");
    fault.textContent = `This view could not be drawn: ${error instanceof Error ? error.message : error}`;
    element.prepend(fault);
  };
  const show = (frame: Frame): void => {
    try {
      if (view) give(view, typed(frame));
    } catch (error) {
      fail(error);
    }
  };
  const make = (): void => {
    try {
      view = module?.create(element, callbacks);
    } catch (error) {
      fail(error);
    }
    for (const frame of frames()) show(frame);
  };
  const unmake = (): void => {
    view?.destroy();
    view = undefined;
  };

  const waiting = document.createElement("p");
  waiting.className = "iv-empty";
  waiting.textContent = "Loading…";
  element.append(waiting);
  load(file, ask)
    .then((loaded) => {
      waiting.remove();
      if (gone) return;
      if (!isView(loaded)) throw new Error(`${file} holds no view`);
      module = loaded;
      make();
    })
    .catch(fail);

  return {
    panel,
    show,
    again: () =>
      queueMicrotask(() => {
        if (gone || !view) return; // not amid the event that it is in
        unmake();
        make();
      }),
    destroy() {
      gone = true;
      unmake();
      waiting.remove();
      fault?.remove();
      closed();
    },
  };
}
