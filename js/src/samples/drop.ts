// Dropping an image file on the view.
import { h } from "../ui/dom";
import { IMAGE, icon } from "../ui/icons";

export interface DropZone {
  /** What is shown over the view while a file is dragged over it. */
  readonly element: HTMLElement;
}

/** Take files dropped on `target`. */
export function dropZone(target: HTMLElement, take: (file: File) => void): DropZone {
  const element = h(
    "div",
    { class: "iv-sample-drop", "data-testid": "drop" },
    icon(IMAGE),
    "Drop an image to show it to the model",
  );
  element.hidden = true;
  const files = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;

  const over = (event: DragEvent): void => {
    if (!files(event)) return;
    // Else the browser would leave the notebook and open the file.
    event.preventDefault();
    event.stopPropagation();
    if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
    element.hidden = false;
  };
  target.addEventListener("dragenter", over);
  target.addEventListener("dragover", over);
  target.addEventListener("dragleave", (event) => {
    if (!(event.relatedTarget instanceof Node && target.contains(event.relatedTarget))) element.hidden = true;
  });
  target.addEventListener("drop", (event) => {
    element.hidden = true;
    if (!files(event)) return;
    event.preventDefault();
    event.stopPropagation();
    const dropped = [...(event.dataTransfer?.files ?? [])];
    const file = dropped.find(({ type }) => type.startsWith("image/")) ?? dropped[0];
    if (file) take(file);
  });
  return { element };
}
