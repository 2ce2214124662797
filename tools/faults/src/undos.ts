/** What a row has started, to be undone in every outcome. */
export interface Undos {
  add(undo: () => unknown): void;
  /** The last first; each is tried. Throws what failed. */
  undoAll(): Promise<void>;
}

export function createUndos(): Undos {
  const undos: (() => unknown)[] = [];
  return {
    add: (undo) => void undos.push(undo),
    async undoAll() {
      const errors: unknown[] = [];
      for (let undo = undos.pop(); undo; undo = undos.pop()) {
        try {
          await undo();
        } catch (error) {
          errors.push(error);
        }
      }
      if (errors.length > 0) throw new AggregateError(errors, `could not be undone: ${errors.join('; ')}`);
    },
  };
}
