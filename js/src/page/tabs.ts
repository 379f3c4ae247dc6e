// The tabs of the dashboard: a list of them, and a page for each, which is filled when it is first looked at.
import { h, uniqueId } from "../ui/dom";

export interface Tabs {
  readonly list: HTMLElement;
  readonly pages: HTMLElement;
  /** Look at a page. */
  show(title: string): void;
}

export function tabs(
  titles: readonly string[],
  open: (title: string, page: HTMLElement) => void,
  choose: (title: string) => void,
): Tabs {
  const list = h("div", { class: "iv-tabs", role: "tablist", "aria-label": "Views" });
  const pages = h("div", { class: "iv-pages" });
  const parts = titles.map((title) => {
    const [tabId, pageId] = [uniqueId("tab"), uniqueId("page")];
    const tab = h(
      "button",
      {
        type: "button",
        class: "iv-tab",
        role: "tab",
        id: tabId,
        "aria-controls": pageId,
        "data-testid": `tab-${title.toLowerCase()}`,
        onclick: () => choose(title),
      },
      title,
    );
    const page = h("div", {
      class: "iv-page",
      role: "tabpanel",
      id: pageId,
      "aria-labelledby": tabId,
      "data-testid": `page-${title.toLowerCase()}`,
    });
    list.append(tab);
    pages.append(page);
    return { title, tab, page, opened: false };
  });

  const show = (title: string): void => {
    for (const part of parts) {
      const here = part.title === title;
      part.tab.setAttribute("aria-selected", String(here));
      part.tab.tabIndex = here ? 0 : -1;
      part.page.hidden = !here;
      if (here && !part.opened) {
        part.opened = true;
        open(title, part.page);
      }
    }
  };

  list.addEventListener("keydown", (event) => {
    const at = parts.findIndex(({ tab }) => tab === event.target);
    const last = parts.length - 1;
    const goal = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[
      event.key
    ];
    const next = at < 0 || goal === undefined ? undefined : parts[goal];
    if (!next) return;
    event.preventDefault();
    next.tab.focus();
    choose(next.title);
  });

  return { list, pages, show };
}
