import type { ChunkRange } from '../queries/import_chunks_take.js';

/** What was written from there is another stretch: the input was cut elsewhere, or has changed. */
export class ChunkDiffersError extends Error {
  override readonly name = 'ChunkDiffersError';

  constructor(
    /** The import. */
    readonly id: number,
    readonly range: ChunkRange,
  ) {
    super(
      `import ${id} has already written from ${range.start} on (line ${range.firstLine}), but not what stands there up to ${range.end}: ` +
        'the input has changed, or who took over cut it elsewhere',
    );
  }
}
