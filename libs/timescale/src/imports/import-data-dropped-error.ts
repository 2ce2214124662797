/** Raw events that the undo of an import needs were dropped: statistics without it cannot be counted any more. */
export class ImportDataDroppedError extends Error {
  override readonly name = 'ImportDataDroppedError';

  constructor(
    readonly id: number,
    /** Where what is to be removed begins: RFC 3339, UTC, as is the other. */
    readonly earliest: string,
    /** Events from before it are gone. */
    readonly retainedFrom: string,
  ) {
    super(
      `cannot undo import ${id}: its events begin at ${earliest}, and raw events from before ${retainedFrom} were ` +
        'dropped, so that the days which it touched cannot be counted anew',
    );
  }
}
