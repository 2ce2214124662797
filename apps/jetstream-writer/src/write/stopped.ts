/** The service is stopping and what was being tried again is left undone: its messages come again. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';

  constructor() {
    super('stopped before it succeeded');
  }
}
