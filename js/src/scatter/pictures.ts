// The samples' pictures: asked for in batches, kept for a while.
import type { ImagesFrame } from "../frames";
import { paint } from "../ui/pixels";

const KEPT = 2000;
const BATCH = 200;
// Time for the pointer to come to rest, and for a drag to end.
const PATIENCE_MS = 60;
// A later request replaces one the kernel has not read yet, so a sample may have to be asked for again: not while an
// answer may still be on its way, and not for ever.
const RETRY_MS = 3000;
const TRIES = 3;

export interface Picture {
  /** null: the sample is no picture, `text` says what it is. */
  image: HTMLCanvasElement | null;
  label: string | null;
  text: string;
}

export interface Pictures {
  /** A sample's picture, if it has come. */
  get(sample: number): Picture | undefined;
  /** These are wanted now: what is missing will be asked for soon. */
  need(samples: readonly number[]): void;
  take(frame: ImagesFrame): void;
  destroy(): void;
}

export function pictures(ask: (samples: number[]) => void): Pictures {
  // In the order of last use.
  const kept = new Map<number, Picture>();
  const tries = new Map<number, { count: number; at: number }>();
  let wanted: readonly number[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  const send = (): void => {
    timer = undefined;
    const now = Date.now();
    const missing = wanted.filter((sample) => !kept.has(sample) && (tries.get(sample)?.count ?? 0) < TRIES);
    const due = missing.filter((sample) => now - (tries.get(sample)?.at ?? -Infinity) >= RETRY_MS).slice(0, BATCH);
    for (const sample of due) tries.set(sample, { count: (tries.get(sample)?.count ?? 0) + 1, at: now });
    if (missing.length) timer = setTimeout(send, RETRY_MS);
    if (due.length) ask(due);
  };

  return {
    get(sample) {
      const found = kept.get(sample);
      if (found) {
        kept.delete(sample);
        kept.set(sample, found);
      }
      return found;
    },
    need(samples) {
      wanted = samples;
      clearTimeout(timer);
      timer = setTimeout(send, PATIENCE_MS);
    },
    take({ header, arrays: { images } }) {
      header.indices.forEach((sample, i) => {
        const image = images ? document.createElement("canvas") : null;
        if (image && images) paint(image, images, i);
        kept.delete(sample);
        kept.set(sample, { image, label: header.labels[i] ?? null, text: header.text[i] ?? "" });
        tries.delete(sample);
      });
      for (const sample of kept.keys()) {
        if (kept.size <= KEPT) break;
        kept.delete(sample);
      }
    },
    destroy: () => clearTimeout(timer),
  };
}
