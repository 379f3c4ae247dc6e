// What to measure: which layers, in which spaces.
import { check, segments } from "../ui/controls";
import { h } from "../ui/dom";
import { ALL_SPACES, type Space, spaceName } from "./measures";

export interface Request {
  layers: "chosen" | "all";
  methods: Space[];
}

const SPACE_TITLES: Record<Space, string> = {
  "own space": "Between the layer's outputs themselves",
  pca: "Between points in the plane of the first two principal components: quick",
  tsne: "Between points in the plane that t-SNE makes: takes its time for each layer",
  umap: "Between points in the plane that UMAP makes: takes its time for each layer",
};

export function controls(measure: (request: Request) => void): HTMLElement {
  let layers: Request["layers"] = "chosen";
  // Those that cost little; the others wait until they are asked for.
  const chosen = new Set<Space>(["own space", "pca"]);

  const start = h("button", {
    type: "button",
    class: "iv-button iv-quality-measure",
    "data-testid": "measure",
    onclick: () => measure({ layers, methods: ALL_SPACES.filter((space) => chosen.has(space)) }),
  });
  start.textContent = "Measure";

  const which = segments<Request["layers"]>(
    "Layers",
    "layers",
    [
      ["chosen", "this layer", "The chosen layer"],
      ["all", "all layers", "Every layer that holds no other layers"],
    ],
    (value) => {
      layers = value;
      which.set(value);
    },
  );
  which.set(layers);

  const ready = (): void => {
    start.disabled = !chosen.size;
    start.title = chosen.size ? "" : "Tick at least one space to measure in";
  };
  const boxes = ALL_SPACES.map((space) => {
    const change = (on: boolean): void => {
      chosen[on ? "add" : "delete"](space);
      ready();
    };
    const box = check(spaceName(space), `space-${space}`, change, SPACE_TITLES[space]);
    box.set(chosen.has(space));
    return box.element;
  });
  ready();

  return h(
    "div",
    { class: "iv-quality-controls" },
    start,
    which.element,
    h("div", { class: "iv-quality-spaces", role: "group", "aria-label": "Spaces to measure in" }, ...boxes),
  );
}
