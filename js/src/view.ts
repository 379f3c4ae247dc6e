// What a view is: it takes frames, and asks for things. It knows nothing of Jupyter.
import type { FrameOf, Kind, ViewFrame } from "./frames";
import type { Want, Wants } from "./wants";
import type { NdArray } from "./wire";

/** What a view does with each kind of frame that it takes. */
export type Takes = { readonly [K in Kind]?: (frame: FrameOf<K>) => void };

const handTo = <K extends Kind>(takes: Takes, kind: K, frame: FrameOf<K>): void => takes[kind]?.(frame);

/** Hand a view a frame. One of a kind that it does not take, it need not know. */
export const give = (view: View, frame: ViewFrame): void => handTo(view.takes, frame.header.kind, frame);

/** A view: draws frames into an element, tells what the user did through callbacks. */
export interface View {
  readonly takes: Takes;
  destroy(): void;
}

export interface Callbacks<V extends keyof Wants = keyof Wants> {
  /** The user asks for something: latest value per key wins, e.g. want("layer", "conv1"). */
  want(...asked: Want<V>): void;
  /** Arrays for the kernel: the bytes of a dropped image file, the indices of brushed samples. */
  upload(header: Record<string, unknown>, arrays: Record<string, NdArray>): void;
}

/** What a view has that lays out others. */
export interface PageCallbacks<V extends keyof Wants = keyof Wants> extends Callbacks<V> {
  /** Draw another panel of the page into an element. */
  mount(panel: string, element: HTMLElement): Mounted;
  /** The kernel is gone: what is there can be looked at, and nothing asked for. */
  lost(): boolean;
}

/** A view in its place. */
export interface Mounted {
  destroy(): void;
}

/** What the module of a view exports; `V` is the name of its file. */
export type Create<V extends keyof Wants> = (element: HTMLElement, callbacks: Callbacks<V>) => View;
export type CreatePage<V extends keyof Wants> = (element: HTMLElement, callbacks: PageCallbacks<V>) => View;
