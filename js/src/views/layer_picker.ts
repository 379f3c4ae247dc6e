// Every layer of the model: a searchable tree to choose one from, and the size of the outputs by depth.
import type { LayersFrame, SelectedFrame } from "../frames";
import { createBars } from "../layers/bars";
import { columnWidths } from "../layers/columns";
import { copy } from "../layers/copy";
import { find, isActive, kindsOf, wordsOf } from "../layers/filter";
import { kindFilter } from "../layers/kinds";
import { createList } from "../layers/list";
import { flashCopied } from "../layers/row";
import { above, foldedAtFirst, isHolder, makeTree, type Node, narrowIndent } from "../layers/tree";
import { facts, note } from "../layers/words";
import { choice } from "../ui/choice";
import { h, setText } from "../ui/dom";
import { errorBanner } from "../ui/error";
import { count, counted } from "../ui/format";
import { CLOSE, icon, RIGHT, SEARCH } from "../ui/icons";
import { workOf } from "../ui/work";
import type { Create } from "../view";

// A model of more rows than this starts with its deeper levels folded.
const ROWS_AT_FIRST = 80;

export const create: Create<"layer_picker"> = (element, callbacks) => {
  let nodes: Node[] = [];
  let places = new Map<string, number>();
  let words: string[] = [];
  let kinds: ReadonlySet<string> = new Set();
  // A search shows all that it finds; what is folded while it lasts is forgotten with it.
  let folded = new Set<string>();
  let foldedInSearch = new Set<string>();
  let active = -1;

  const errors = errorBanner();
  const work = workOf({ stop: (scope) => callbacks.want("stop", scope) });

  const chosen = choice<string | null>(() => follow());
  const selected = (): number => places.get(chosen.shown ?? "") ?? -1;
  const foldedNow = (): Set<string> => (isActive({ words, kinds }) ? foldedInSearch : folded);

  const draw = (): void => {
    const filter = { words, kinds };
    const found = find(nodes, filter, foldedNow());
    list.show({ nodes, found, folded: foldedNow(), words, selected: selected(), active });
    bars.show(nodes, found);
    bars.mark(selected());
    setText(
      total,
      isActive(filter) ? `${count(found.count)} of ${count(nodes.length)}` : counted(nodes.length, "layer"),
    );
    if (!isActive(filter)) main.style.setProperty("--iv-rows", String(found.order.length));
    nothing.hidden = found.count > 0 || !nodes.length;
    list.element.hidden = !found.count;
    const holders = nodes.filter(isHolder);
    foldAll.hidden = !holders.length;
    list.element.toggleAttribute("data-flat", !holders.length);
    const anyOpen = holders.some((node) => !foldedNow().has(node.row.name));
    foldAll.setAttribute("aria-expanded", String(anyOpen));
    foldAll.title = anyOpen ? "Fold all" : "Unfold all";
    foldAll.setAttribute("aria-label", foldAll.title);
    clear.hidden = !search.value;
    tell();
  };

  const tell = (): void => {
    const node = nodes[active] ?? nodes[selected()];
    about.hidden = !node;
    if (!node) return;
    setText(name, node.row.name);
    setText(what, facts(node));
    setText(why, note(node));
    why.toggleAttribute("data-refused", !node.choosable);
    about.title = [node.row.name, facts(node), note(node)].filter(Boolean).join("\n");
    about.dataset.of = node.row.name;
  };

  const show = (index: number, focus = false): void => {
    active = index;
    for (const i of above(nodes, index)) foldedNow().delete(nodes[i]!.row.name);
    draw();
    if (index >= 0) list.reveal(index, focus);
  };

  const fold = (index: number, yes: boolean): void => {
    const { name: layer } = nodes[index]!.row;
    if (yes) foldedNow().add(layer);
    else foldedNow().delete(layer);
    // The focus stays on a row that can be seen.
    if (yes && active > index && active < nodes[index]!.end) active = index;
    draw();
  };

  const press = (index: number): void => {
    const node = nodes[index];
    if (!node) return;
    active = index;
    if (node.choosable) {
      const layer = node.row.name;
      if (chosen.ask(layer)) {
        callbacks.want("layer", layer);
        // Back at what the kernel said: where the two clicks reach it as one, it has nothing to answer.
        if (layer === chosen.said) work.answered();
        else work.expect();
      }
      draw();
    } else if (isHolder(node)) fold(index, !foldedNow().has(node.row.name));
    else draw();
  };

  const foldAll = h(
    "button",
    {
      type: "button",
      class: "iv-button iv-quiet iv-fold-all",
      "data-testid": "fold-all",
      onclick: () => {
        const set = foldedNow();
        const holders = nodes.filter(isHolder).map((node) => node.row.name);
        if (holders.some((holder) => !set.has(holder))) for (const holder of holders) set.add(holder);
        else set.clear();
        draw();
        list.reveal(selected());
      },
    },
    icon(RIGHT),
  );
  const list = createList(
    {
      press,
      fold,
      visit(index) {
        active = index;
        draw();
      },
      copy(index, row) {
        const layer = nodes[index]!.row.name;
        void copy(layer).then((done) => {
          if (done) flashCopied(row, live, layer);
          else errors.say("copy", `The browser does not allow copying here. The name is: ${layer}`);
        });
      },
      key(event) {
        if (event.key === "Escape" && isActive({ words, kinds })) reset();
        else if (event.key === "/") search.focus();
        else return false;
        return true;
      },
    },
    foldAll,
  );

  const bars = createBars((index) => {
    // A bar that the filter hides in the list: the choice counts more than the filter.
    if (!find(nodes, { words, kinds }, new Set()).order.includes(index)) reset();
    press(index);
    show(index);
  });

  const refilter = (): void => {
    foldedInSearch = new Set();
    draw();
    list.element.scrollTop = 0;
  };
  const reset = (): void => {
    search.value = "";
    words = [];
    kinds = new Set();
    filter.set(kinds);
    draw();
    if (active >= 0) show(active, list.element.contains(document.activeElement));
  };

  const search = h("input", {
    type: "text",
    class: "iv-input iv-search-input",
    placeholder: "Search",
    "aria-label": "Search layers by name or kind",
    autocomplete: "off",
    spellcheck: "false",
    "data-testid": "layer-search",
    "data-lm-suppress-shortcuts": "true",
  });
  search.addEventListener("input", () => {
    words = wordsOf(search.value);
    refilter();
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !search.value) {
      list.focus(); // whoever shows the picker may take it away
      return;
    }
    event.stopPropagation();
    const { order, matched } = find(nodes, { words, kinds }, foldedInSearch);
    if (event.key === "Escape") reset();
    else if (event.key === "ArrowDown" || event.key === "Enter") {
      const first = order.find((i) => matched[i] && (event.key === "ArrowDown" || nodes[i]!.choosable)) ?? -1;
      if (first >= 0) show(first, event.key === "ArrowDown");
      if (first >= 0 && event.key === "Enter") press(first);
    } else return;
    event.preventDefault();
  });
  const clear = h(
    "button",
    {
      type: "button",
      class: "iv-button iv-quiet iv-search-clear",
      title: "Clear the search",
      "aria-label": "Clear the search",
      onclick: () => {
        search.value = "";
        words = [];
        refilter();
        search.focus();
      },
    },
    icon(CLOSE),
  );
  const filter = kindFilter((on) => {
    kinds = on;
    filter.set(on);
    refilter();
  });

  const total = h("span", { class: "iv-layers-total", role: "status", "data-testid": "layer-count" });
  const live = h("span", { class: "iv-unseen", role: "status", "data-testid": "copied" });
  const nothing = h(
    "div",
    { class: "iv-empty iv-layers-nothing", "data-testid": "no-match" },
    h(
      "div",
      null,
      "No layer matches. ",
      h("button", { type: "button", class: "iv-button", onclick: () => reset() }, "Show all"),
    ),
  );
  const name = h("div", { class: "iv-about-name" });
  const what = h("div", { class: "iv-about-facts" });
  const why = h("div", { class: "iv-about-note", "aria-live": "polite", "data-testid": "layer-note" });
  const about = h(
    "div",
    { class: "iv-about", "data-testid": "layer-about" },
    name,
    h("div", { class: "iv-about-text" }, what, why),
  );
  const empty = h(
    "div",
    { class: "iv-empty", "data-testid": "empty" },
    "The layers are shown here once the model has run.",
  );
  const main = h(
    "div",
    { class: "iv-layers-main" },
    h(
      "div",
      { class: "iv-layers-tools" },
      h("div", { class: "iv-search" }, icon(SEARCH), search, clear),
      total,
      filter.element,
    ),
    list.element,
    nothing,
    about,
    bars.element,
  );
  main.hidden = true;
  const root = h(
    "div",
    { class: "iv-layers", "data-testid": "layer-picker" },
    work.line,
    errors.element,
    work.note,
    empty,
    main,
    live,
  );
  // "/" anywhere in the view goes to the search, as in many pages with lists.
  root.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target === search || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    search.focus();
  });
  element.append(root);

  const layers = ({ header }: LayersFrame): void => {
    work.answered();
    errors.clear("layers");
    const before = new Set(nodes.map((node) => node.row.name));
    const kept = nodes[active]?.row.name;
    nodes = makeTree(header.rows);
    places = new Map(nodes.map((node) => [node.row.name, node.index]));
    if (!header.rows.some((row) => before.has(row.name))) folded = foldedAtFirst(nodes, ROWS_AT_FIRST);
    active = places.get(kept ?? "") ?? -1;
    for (const [column, width] of Object.entries(columnWidths(nodes)))
      root.style.setProperty(`--iv-${column}-width`, `${width}ch`);
    root.style.setProperty("--iv-indent-narrow", `${narrowIndent(nodes)}px`);
    filter.offer(kindsOf(nodes));
    const known = new Set(header.rows.map((row) => row.kind));
    kinds = new Set([...kinds].filter((kind) => known.has(kind)));
    filter.set(kinds);
    empty.hidden = nodes.length > 0;
    main.hidden = !nodes.length;
    setText(empty, `${header.model} has no modules inside it: there is no layer to choose.`);
    if (selected() >= 0) show(selected());
    else draw();
  };

  const follow = (elsewhere = true): void => {
    work.answered();
    errors.clear("layer");
    if (elsewhere && selected() >= 0) show(selected());
    else draw();
  };

  const hear = ({ header }: SelectedFrame): void => {
    const { shown } = chosen;
    if (chosen.hear(header.layer)) follow(header.layer !== shown);
  };

  return {
    takes: {
      layers,
      selected: hear,
      busy: work.show,
      error(frame) {
        errors.show(frame);
        work.answered();
        if (frame.header.scope !== "layer" || frame.header.over) return;
        chosen.drop();
        draw();
      },
    },
    destroy() {
      work.destroy();
      chosen.destroy();
      list.destroy();
      filter.destroy();
      root.remove();
    },
  };
};
