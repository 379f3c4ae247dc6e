// The dashboard: status above, layers and sample at the sides, in the middle the view that is looked at.
import type { DashboardFrame } from "../frames";
import { dropDown } from "../page/drop_down";
import { help } from "../page/help";
import { side } from "../page/side";
import { type Tabs, tabs } from "../page/tabs";
import { whole } from "../page/whole";
import { choice } from "../ui/choice";
import { h } from "../ui/dom";
import type { CreatePage, Mounted } from "../view";

// From which width on there is how much room: beside the view for the sample, for the layers too, for wider columns.
const ROOM: readonly [number, string][] = [
  [1500, "widest"],
  [1160, "wide"],
  [640, "middle"],
  [0, "narrow"],
];

export const create: CreatePage<"dashboard"> = (element, { want, mount, lost }) => {
  const mounted: Mounted[] = [];
  const inside = (panel: string, place: HTMLElement): void => {
    mounted.push(mount(panel, place));
  };
  const place = (panel: string): HTMLElement =>
    h("div", { class: "iv-place", "data-panel": panel, "data-testid": `place-${panel}` });

  const root = h("div", { class: "iv-dashboard", "data-testid": "dashboard" });
  const status = h("div", { class: "iv-dashboard-status" });
  const layers = side("left", "Layers", root);
  const sample = side("right", "Sample", root);
  const explained = help();
  const middle = h("section", { class: "iv-middle", "aria-label": "View" });
  const layersButton = dropDown("Layer", root, layers.element);
  const large = whole(middle, () => layersButton.close());
  const head = h("div", { class: "iv-middle-head" });
  middle.append(head);
  root.append(
    status,
    h("div", { class: "iv-dashboard-body" }, layers.element, layers.edge, middle, sample.edge, sample.element),
  );
  element.append(root);
  inside("status", status);
  inside("layers", layers.place);
  inside("samples", sample.place);

  let views: Tabs | undefined;
  let brushed = 0;
  let brush: HTMLElement | undefined;
  let brushOpened = false;
  const chosen = choice<string>(() => open());
  const open = (): void => {
    if (chosen.shown === undefined) return;
    views?.show(chosen.shown);
    explained.about(chosen.shown);
    element.dataset.tab = chosen.shown;
  };
  const choose = (title: string): void => {
    if (chosen.ask(title) && !lost()) want("tab", title);
    open();
  };
  /** What sets the selected samples apart takes room only while some are selected. */
  const showBrush = (): void => {
    if (!brush) return;
    brush.hidden = brushed === 0;
    if (brush.hidden || brushOpened) return;
    brushOpened = true;
    inside("brush", brush);
  };

  const make = ({ header }: DashboardFrame): void => {
    const fill = (title: string, page: HTMLElement): void => {
      for (const panel of header.tabs.find((tab) => tab.title === title)?.panels ?? []) {
        const where = place(panel);
        page.append(where);
        if (panel === "brush") {
          brush = where;
          showBrush();
        } else inside(panel, where);
      }
    };
    views = tabs(
      header.tabs.map(({ title }) => title),
      fill,
      choose,
    );
    head.append(
      layersButton.button,
      views.list,
      h("div", { class: "iv-middle-tools" }, explained.element, large.button),
    );
    middle.append(views.pages);
  };

  const observer = new ResizeObserver(() => {
    const width = root.clientWidth;
    if (width) root.dataset.room = ROOM.find(([least]) => width >= least)?.[1];
  });
  observer.observe(root);

  root.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLElement && event.target.closest("input, select, textarea");
    if (event.key !== "f" || event.ctrlKey || event.metaKey || event.altKey || typing || event.defaultPrevented) return;
    event.preventDefault();
    large.toggle();
  });

  return {
    takes: {
      dashboard(frame) {
        if (!views) make(frame);
        if (chosen.hear(frame.header.tab)) open();
      },
      selected({ header }) {
        layersButton.say(header.layer ?? "none");
        layersButton.close();
      },
      selection({ header }) {
        brushed = header.count;
        showBrush();
      },
    },
    destroy() {
      observer.disconnect();
      chosen.destroy();
      large.destroy();
      layersButton.destroy();
      for (const one of mounted) one.destroy();
      root.remove();
      delete element.dataset.tab;
    },
  };
};
