export type ImportState = 'running' | 'finished' | 'undoing' | 'undone';

/** The import is not in a state in which that could be done, or there is none of that number. */
export class ImportStateError extends Error {
  override readonly name = 'ImportStateError';

  constructor(
    readonly id: number,
    /** Undefined: there is no such import. */
    readonly state: ImportState | undefined,
    /** What could not be done, for people: `cannot write to`, `cannot undo`. */
    wanted: string,
  ) {
    super(state === undefined ? `there is no import ${id}` : `${wanted} import ${id}: it is ${state}`);
  }
}
