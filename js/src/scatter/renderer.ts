// One WebGL context for all scatter plots of a page: browsers keep some 16 alive, and a notebook may hold more views.
import { createRenderer } from "regl-scatterplot";

type Renderer = ReturnType<typeof createRenderer>;

/** A plot's share of the page's context. */
export interface Lease {
  readonly renderer: Renderer;
  /** The plot is now this large, in CSS pixels: what is drawn off screen must hold the largest plot. */
  fit(width: number, height: number): void;
  release(): void;
}

interface User {
  width: number;
  height: number;
  lost: () => void;
  restored: () => void;
}
interface Shared {
  renderer: Renderer;
  users: Set<User>;
}

// Each widget loads its own copy of this module, so what they share hangs on the page.
const KEY = Symbol.for("innerview.scatter.renderer");
const page = globalThis as unknown as Record<symbol, Shared | undefined>;

/** Whether this browser can draw the plot: WebGL with textures of floats. Says why not, "" when it can. */
export function unsupported(): string {
  const canvas = document.createElement("canvas");
  const gl = canvas.getContext("webgl");
  if (!gl) return "This browser offers no WebGL, which draws the points: switch on hardware acceleration.";
  const floats = gl.getExtension("OES_texture_float");
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return floats ? "" : "This browser's WebGL has no textures of floats (OES_texture_float), which hold the points.";
}

/** Why the plot could not be started, in words. */
export function refusal(error: unknown): string {
  // regl writes its drawing commands at run time, with the Function constructor.
  if (error instanceof EvalError)
    return "The points cannot be drawn: this page's Content-Security-Policy forbids code made at run time ('unsafe-eval'), which the WebGL library needs.";
  return `The points cannot be drawn: ${error instanceof Error ? error.message : String(error)}`;
}

function start(): Shared {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const renderer = createRenderer({ canvas });
  const shared: Shared = { renderer, users: new Set() };
  canvas.addEventListener("webglcontextlost", (event) => {
    event.preventDefault(); // without this the browser never gives it back
    for (const user of [...shared.users]) user.lost();
  });
  canvas.addEventListener("webglcontextrestored", () => {
    // regl does not bring back what its textures held. Each plot moves to a new context; the last one ends this one.
    if (page[KEY] === shared) page[KEY] = undefined;
    for (const user of [...shared.users]) user.restored();
  });
  return shared;
}

function stop(shared: Shared): void {
  if (page[KEY] === shared) page[KEY] = undefined;
  const { canvas } = shared.renderer;
  shared.renderer.destroy();
  // regl leaves the context to the garbage collector, which comes too late for the browser's count of them.
  canvas.getContext("webgl")?.getExtension("WEBGL_lose_context")?.loseContext();
}

/** Take part in the page's context. `lost`: nothing can be drawn for now; `restored`: release, and lease again. */
export function lease(lost: () => void, restored: () => void): Lease {
  let shared = page[KEY];
  if (!shared) {
    shared = start();
    page[KEY] = shared;
  }
  const mine = shared;
  const user: User = { width: 1, height: 1, lost, restored };
  mine.users.add(user);
  return {
    renderer: mine.renderer,
    fit(width, height) {
      user.width = width;
      user.height = height;
      if (mine.renderer.isDestroyed) return;
      const all = [...mine.users];
      const wide = Math.max(...all.map((one) => one.width));
      const high = Math.max(...all.map((one) => one.height));
      const { canvas } = mine.renderer;
      const scale = window.devicePixelRatio;
      if (canvas.width === Math.floor(wide * scale) && canvas.height === Math.floor(high * scale)) return;
      mine.renderer.resize(wide, high);
      mine.renderer.refresh();
    },
    release() {
      mine.users.delete(user);
      if (!mine.users.size && !mine.renderer.isDestroyed) stop(mine);
    },
  };
}
