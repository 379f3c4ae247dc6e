// Frames find the part of a view that takes their kind.
import { expect, it, vi } from "vitest";
import { typed } from "../src/frames";
import { give } from "../src/view";

it("gives a frame to what takes its kind, and one of another kind to nobody", () => {
  const selected = vi.fn();
  const view = { takes: { selected }, destroy: () => {} };
  const frame = typed({ header: { kind: "selected", layer: "conv1" }, arrays: {} });
  give(view, frame);
  give(view, typed({ header: { kind: "of a newer kernel" }, arrays: {} }));
  expect(selected).toHaveBeenCalledExactlyOnceWith(frame);
});
