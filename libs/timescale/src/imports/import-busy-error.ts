/** Another process is at the import: two would be in each other's way. */
export class ImportBusyError extends Error {
  override readonly name = 'ImportBusyError';

  constructor(readonly id: number) {
    super(`another process is at import ${id}: wait for it, or stop it first`);
  }
}
