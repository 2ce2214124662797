import type { ImportSummary as StoredImport } from '@event-analytics/timescale';

/** An import as a JSON object: what `import list --json` and `import status` print. */
export function importJson(stored: StoredImport): Record<string, unknown> {
  const { id, source, settings, digest, sizeBytes, state, startedAt, seenAt, endedAt } = stored;
  const { rows, inserted, duplicates, rejected } = stored.counts;
  return {
    id,
    source,
    state: shownState(stored),
    rows,
    inserted,
    duplicates,
    rejected,
    chunks: stored.chunks,
    done_bytes: stored.doneBytes,
    size_bytes: sizeBytes,
    earliest: stored.earliest?.toISOString() ?? null,
    latest: stored.latest?.toISOString() ?? null,
    started_at: startedAt.toISOString(),
    seen_at: seenAt.toISOString(),
    ended_at: endedAt?.toISOString() ?? null,
    seconds:
      Math.round(
        ((state === 'finished' ? (endedAt ?? seenAt) : seenAt).getTime() - startedAt.getTime()) / 100,
      ) / 10,
    sha256: digest,
    settings,
  };
}

/** An import that is to run, and is not heard of, was interrupted. */
export function shownState({ state, alive }: Pick<StoredImport, 'state' | 'alive'>): string {
  return state === 'running' && !alive ? 'interrupted' : state;
}

const HEADER = ['id', 'state', 'started', 'rows', 'inserted', 'duplicates', 'rejected', 'source'];

/** Lines of a table of imports. */
export function importTable(imports: readonly StoredImport[]): string[] {
  const n = (value: number): string => value.toLocaleString('en-US');
  const rows = imports.map((stored) => {
    const { counts } = stored;
    return [
      String(stored.id),
      shownState(stored),
      `${stored.startedAt.toISOString().slice(0, 19)}Z`,
      n(counts.rows),
      n(counts.inserted),
      n(counts.duplicates),
      n(counts.rejected),
      stored.source,
    ];
  });
  return tableLines([HEADER, ...rows]);
}

/** Lines of equal columns; the last is not padded. */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...rows.map((row) => row[i]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** What an import has done and what there is to do now, in sentences. */
export function describeImport(stored: StoredImport): string[] {
  const n = (value: number): string => value.toLocaleString('en-US');
  const { counts, id, source } = stored;
  return [
    `import ${id} of ${source}: ${shownState(stored)}`,
    `${n(counts.rows)} rows in ${n(stored.chunks)} chunks: ${n(counts.inserted)} inserted, ${n(counts.duplicates)} duplicates, ${n(counts.rejected)} rejected`,
    whatNow(stored),
  ];
}

function whatNow(stored: StoredImport): string {
  const { id } = stored;
  switch (shownState(stored)) {
    case 'running':
      return `its process was heard of at ${stored.seenAt.toISOString()}`;
    case 'interrupted':
      return `its process was last heard of at ${stored.seenAt.toISOString()}: "event-importer import resume ${id}" goes on, "import undo ${id}" takes back what it brought`;
    case 'undoing':
      return `it is being undone: "event-importer import undo ${id}" goes on, should that have been interrupted`;
    case 'undone':
      return `undone at ${stored.endedAt?.toISOString() ?? '?'}`;
    default:
      return `finished at ${stored.endedAt?.toISOString() ?? '?'}: "event-importer import undo ${id}" takes it back`;
  }
}
