// The modules of a page: each file comes from the kernel once, however many widgets stand on the page.
// esbuild's files import each other as "./name.js"; here they become addresses of what was received.

interface Registry {
  texts: Map<string, string>; // received, by file
  urls: Map<string, Promise<string>>;
  modules: Map<string, Promise<unknown>>;
  waiting: Map<string, Set<() => void>>;
}

declare global {
  var innerviewModules: Registry | undefined;
}

// On the page, not in this module: every widget brings a copy of it.
globalThis.innerviewModules ??= { texts: new Map(), urls: new Map(), modules: new Map(), waiting: new Map() };
const registry: Registry = globalThis.innerviewModules;

const IMPORT = /((?:from|import)\s*)"\.\/([\w-]+\.js)"/g;

/** Take files that have arrived. One whose text did not come along is still waited for. */
export function take(files: readonly string[], texts: readonly AllowSharedBufferSource[]): void {
  files.forEach((file, i) => {
    if (texts[i] && !registry.texts.has(file)) registry.texts.set(file, new TextDecoder().decode(texts[i]));
  });
  for (const file of files) {
    if (!registry.texts.has(file)) continue;
    const waiting = registry.waiting.get(file);
    registry.waiting.delete(file);
    for (const go of waiting ?? []) go();
  }
}

/** Asks the kernel for files, telling it which are here. */
export type Ask = (files: string[], have: string[]) => void;

/** A file's text, which is asked for unless it is here. */
export function text(file: string, ask: Ask): Promise<string> {
  const here = registry.texts.get(file);
  if (here !== undefined) return Promise.resolve(here);
  return new Promise((resolve) => {
    const waiting = registry.waiting.get(file) ?? new Set();
    registry.waiting.set(
      file,
      waiting.add(() => resolve(registry.texts.get(file) ?? "")),
    );
    ask([file], [...registry.texts.keys()]);
  });
}

/** A module, with all that it imports. */
export function load(file: string, ask: Ask): Promise<unknown> {
  return once(registry.modules, file, () => address(file, ask).then((url) => import(/* @vite-ignore */ url)));
}

/** What was made before, or is being made; what failed is made again. */
function once<T>(made: Map<string, Promise<T>>, file: string, make: () => Promise<T>): Promise<T> {
  const known = made.get(file);
  if (known) return known;
  const coming = make();
  made.set(file, coming);
  coming.catch(() => made.delete(file));
  return coming;
}

const address = (file: string, ask: Ask): Promise<string> =>
  once(registry.urls, file, async () => {
    const source = await text(file, ask);
    const imported = new Map<string, string>();
    for (const [, , name] of source.matchAll(IMPORT)) if (name) imported.set(name, await address(name, ask));
    const linked = source.replace(IMPORT, (_, word, name) => `${word}"${imported.get(name)}"`);
    return URL.createObjectURL(new Blob([linked], { type: "text/javascript" }));
  });

const sheets = new WeakMap<Document, Map<string, CSSStyleSheet>>();

/** Dress an element's page, and the shadow tree that it may stand in, with a style sheet. */
export async function dress(element: HTMLElement, file: string, ask: Ask): Promise<void> {
  const css = await text(file, ask);
  const page = element.ownerDocument;
  const known = sheets.get(page) ?? new Map<string, CSSStyleSheet>();
  sheets.set(page, known);
  let sheet = known.get(file);
  if (!sheet) {
    // Of the element's own window, as a document takes no sheet that another one made.
    sheet = new (page.defaultView ?? window).CSSStyleSheet();
    sheet.replaceSync(css);
    known.set(file, sheet);
  }
  const root = element.getRootNode();
  for (const tree of root instanceof ShadowRoot ? [page, root] : [page])
    if (!tree.adoptedStyleSheets.includes(sheet)) tree.adoptedStyleSheets = [...tree.adoptedStyleSheets, sheet];
}
