// One line: which model and data are looked at, how accurate the model is, and what is being worked on.
import type { StatusFrame } from "../frames";
import { h, setText, uniqueId } from "../ui/dom";
import { errorBanner } from "../ui/error";
import { count, counted, percent, shapeText } from "../ui/format";
import { CLOSE, icon } from "../ui/icons";
import type { Create } from "../view";

type Status = StatusFrame["header"];
type JobRow = Status["jobs"][number];

/** The accuracy in words: what is shown, and what the tooltip adds. */
export function accuracyText({
  value,
  low,
  high,
  evaluated,
  total,
}: NonNullable<Status["accuracy"]>): [string, string] {
  const part = evaluated < total ? ` on ${count(evaluated)} of ${count(total)}` : "";
  const judged = counted(evaluated, "sample");
  return [
    `${percent(value)}${part}`,
    `Accuracy over ${judged}; 95 % interval from ${percent(low)} to ${percent(high)}, were they drawn at random.`,
  ];
}

export const create: Create<"status_bar"> = (element, callbacks) => {
  const errors = errorBanner();
  const rows = new Map<number, { element: HTMLElement; show(job: JobRow): void }>();

  const text = (name: string, id: string): HTMLElement => h("span", { class: `iv-status-${name}`, "data-testid": id });
  const model = text("model", "status-model");
  const data = text("data", "status-data");
  const samples = text("samples", "status-samples");
  const device = text("device", "status-device");
  const layer = text("layer", "status-layer");
  const shape = text("shape", "status-shape");
  const accuracy = text("accuracy", "status-accuracy");
  const note = text("note", "status-note");
  note.setAttribute("role", "status");
  const part = (name: string, ...children: HTMLElement[]): HTMLElement =>
    h("div", { class: "iv-status-part", "data-part": name }, ...children);
  const chosen = part("layer", layer, shape);
  const rated = part("accuracy", h("span", { class: "iv-muted" }, "Accuracy"), accuracy);

  // A native popover lies above everything and closes with Escape or a click elsewhere.
  const id = uniqueId("jobs");
  const list = h("ul", { class: "iv-status-list" });
  const popover = h(
    "div",
    {
      class: "iv-status-jobs",
      id,
      popover: "auto",
      role: "dialog",
      "aria-label": "Running jobs",
      "data-testid": "jobs",
    },
    list,
  );
  const button = h("button", {
    type: "button",
    class: "iv-button",
    popovertarget: id,
    "aria-haspopup": "dialog",
    "data-testid": "jobs-button",
  });
  button.hidden = true;

  const place = (): void => {
    const at = button.getBoundingClientRect();
    popover.style.top = `${at.bottom + 4}px`;
    popover.style.left = `${Math.max(8, Math.min(at.right, window.innerWidth - 8) - popover.offsetWidth)}px`;
  };
  popover.addEventListener("toggle", (event) => {
    const open = (event as ToggleEvent).newState === "open";
    if (open) place();
    // In the top layer it stands still while the notebook scrolls below it.
    document[open ? "addEventListener" : "removeEventListener"]("scroll", place, true);
  });

  const jobRow = (job: JobRow) => {
    const label = h("span", { class: "iv-status-label" });
    const share = h("span", { class: "iv-muted" });
    const fill = h("span", null);
    const bar = h("div", { class: "iv-status-bar", role: "progressbar" }, fill);
    const cancel = h("button", { type: "button", class: "iv-button iv-quiet", "data-testid": "cancel" }, icon(CLOSE));
    cancel.addEventListener("click", () => {
      cancel.disabled = true;
      row.setAttribute("data-cancelled", "");
      setText(share, "cancelling");
      callbacks.want("cancel", job.id);
    });
    const row = h("li", { "data-job": job.id }, h("div", null, label, share, cancel), bar);
    return {
      element: row,
      show(next: JobRow) {
        const known = next.fraction !== null;
        const done = known ? `${Math.floor(100 * next.fraction!)} %` : "";
        setText(label, next.label);
        label.title = next.label;
        cancel.title = `Cancel ${next.label}`;
        cancel.setAttribute("aria-label", cancel.title);
        if (!cancel.disabled) setText(share, done);
        bar.setAttribute("aria-label", next.label);
        if (known) bar.setAttribute("aria-valuenow", String(Math.floor(100 * next.fraction!)));
        else bar.removeAttribute("aria-valuenow");
        bar.toggleAttribute("data-unknown", !known);
        fill.style.width = known ? `${100 * next.fraction!}%` : "";
      },
    };
  };

  // Rows stay the same elements while they change several times a second: a cancel button must not move from under a click.
  const showJobs = (jobs: Status["jobs"]): void => {
    for (const [known, row] of rows) {
      if (jobs.some((job) => job.id === known)) continue;
      row.element.remove();
      rows.delete(known);
    }
    for (const job of jobs) {
      let row = rows.get(job.id);
      if (!row) {
        row = jobRow(job);
        rows.set(job.id, row);
        list.append(row.element);
      }
      row.show(job);
    }
    button.hidden = !jobs.length;
    setText(button, counted(jobs.length, "job"));
    if (!jobs.length && popover.matches(":popover-open")) popover.hidePopover();
  };

  const line = h(
    "div",
    { class: "iv-status-line", role: "group", "aria-label": "Status" },
    part("model", model, device),
    part("data", data, samples),
    chosen,
    rated,
    note,
    button,
  );
  line.hidden = true;
  const root = h("div", { class: "iv-status", "data-testid": "status-bar" }, line, popover, errors.element);
  element.append(root);

  const show = (status: Status): void => {
    line.hidden = false;
    setText(model, status.model);
    setText(device, status.device);
    device.title = `The model is on ${status.device}`;
    setText(data, status.data);
    setText(samples, counted(status.samples, "sample"));
    for (const part of [model, data]) part.title = part.textContent ?? "";
    chosen.hidden = status.layer === null;
    setText(layer, status.layer ?? "");
    layer.title = status.layer ?? "";
    setText(shape, status.shape ? shapeText(status.shape) : "");
    rated.hidden = !status.accuracy;
    if (status.accuracy) {
      const [words, title] = accuracyText(status.accuracy);
      setText(accuracy, words);
      rated.title = title;
    }
    setText(note, status.note);
    note.title = status.note;
    showJobs(status.jobs);
  };

  return {
    takes: { status: ({ header }) => show(header), error: errors.show },
    destroy() {
      document.removeEventListener("scroll", place, true);
      root.remove();
    },
  };
};
