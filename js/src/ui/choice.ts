// What is chosen, while two sides may choose: the user, shown at once, and the kernel, which answers or was told elsewhere.

// After this long without an answer to a click, what the kernel says counts again.
const TRUST_MS = 3000;

export interface Choice<T> {
  /** What to show as chosen: what the user asked for last, else what the kernel said; undefined: nothing yet. */
  readonly shown: T | undefined;
  /** What the kernel said last. */
  readonly said: T | undefined;
  /** The user chooses. False: the kernel need not be asked, it knows already. */
  ask(next: T): boolean;
  /** The kernel speaks. False: it may be answering an earlier click, and must not move the choice back. */
  hear(value: T): boolean;
  /** Wait no longer: what the kernel says next counts, and what it said against the click counts now. */
  release(): void;
  /** The kernel refused: back to what it said last. */
  drop(): void;
  destroy(): void;
}

/** `moved` is called when the choice changes with time, because the kernel said something else and nothing after it. */
export function choice<T>(moved: () => void): Choice<T> {
  let asked: { value: T } | undefined;
  let said: T | undefined;
  let contradicted = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const shown = (): T | undefined => (asked ? asked.value : said);
  const drop = (): void => {
    clearTimeout(timer);
    timer = undefined;
    asked = undefined;
    contradicted = false;
  };
  const release = (): void => {
    clearTimeout(timer);
    timer = undefined;
    // A kernel that has said nothing at all is busy with a cell, and the click still stands.
    if (!asked || (!contradicted && asked.value !== said)) return;
    const before = shown();
    drop();
    if (said !== before) moved();
  };

  return {
    get shown() {
      return shown();
    },
    get said() {
      return said;
    },
    ask(next) {
      // The kernel tells changes only: an answer to a request for what it has already would never come.
      if (next === shown() && (timer !== undefined || next === said)) return false;
      drop();
      asked = { value: next };
      timer = setTimeout(release, TRUST_MS);
      return true;
    },
    hear(value) {
      said = value;
      contradicted = timer !== undefined && value !== asked?.value;
      if (contradicted) return false;
      drop();
      return true;
    },
    release,
    drop,
    destroy: () => clearTimeout(timer),
  };
}
