// A view is made of what it does with each kind of frame.
import type { FrameOf, Kind, View, ViewFrame } from "./frames";

/** A kind that is not here is of no interest to the view. */
export type Takes = { readonly [K in Kind]?: (frame: FrameOf<K>) => void };

export function viewOf(takes: Takes, destroy: () => void): View {
  return {
    update(frame) {
      // The kind says which frame it is, and so who takes it: TypeScript cannot see that both go together.
      const take = takes[frame.header.kind] as ((frame: ViewFrame) => void) | undefined;
      take?.(frame);
    },
    destroy,
  };
}
