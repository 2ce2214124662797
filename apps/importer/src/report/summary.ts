import type { ImportCounts } from '../load/import-chunks.js';

export interface FileSummary {
  file: string;
  /** Number of the import; null with --dry-run, and where the input was refused before its first row. */
  import_id: number | null;
  rows: number;
  inserted: number;
  /** Null when nothing was written: whether a row is a duplicate is known only by the database. */
  duplicates: number | null;
  rejected: number;
  stored_before: number;
  reject_file: string | null;
}

/** What the command prints on standard output: one line of JSON. */
export interface ImportSummary extends Omit<FileSummary, 'file' | 'import_id'> {
  seconds: number;
  rows_per_second: number;
  dry_run: boolean;
  interrupted: boolean;
  /** Why not everything was read; null when it was. */
  error: string | null;
  files: FileSummary[];
}

export function summarizeFile(
  file: string,
  counts: ImportCounts,
  o: { id: number | undefined; dryRun: boolean; rejectFile: string | undefined },
): FileSummary {
  const { rows, storedBefore, inserted, duplicates, rejected } = counts;
  return {
    file,
    import_id: o.id ?? null,
    rows,
    inserted,
    duplicates: o.dryRun ? null : duplicates,
    rejected,
    stored_before: storedBefore,
    reject_file: o.rejectFile ?? null,
  };
}

export function summarize(
  files: FileSummary[],
  o: { elapsedMs: number; dryRun: boolean; interrupted: boolean; error: string | undefined },
): ImportSummary {
  const total = (of: (file: FileSummary) => number): number => files.reduce((sum, file) => sum + of(file), 0);
  const rows = total((file) => file.rows);
  const storedBefore = total((file) => file.stored_before);
  return {
    rows,
    inserted: total((file) => file.inserted),
    duplicates: o.dryRun ? null : total((file) => file.duplicates ?? 0),
    rejected: total((file) => file.rejected),
    stored_before: storedBefore,
    seconds: Math.round(o.elapsedMs) / 1_000,
    rows_per_second: o.elapsedMs > 0 ? Math.round((1_000 * (rows - storedBefore)) / o.elapsedMs) : 0,
    dry_run: o.dryRun,
    interrupted: o.interrupted,
    error: o.error ?? null,
    reject_file: files.find((file) => file.reject_file !== null)?.reject_file ?? null,
    files,
  };
}

/** The summary in words. */
export function describeSummary(summary: ImportSummary): string {
  const n = (value: number): string => value.toLocaleString('en-US');
  const { rows, inserted, duplicates, rejected, seconds, rows_per_second: rate, dry_run: dryRun } = summary;
  const before = summary.stored_before > 0 ? `, ${n(summary.stored_before)} stored by earlier runs` : '';
  const verdict = dryRun
    ? `${n(rows - rejected)} valid, ${n(rejected)} would be rejected; nothing was written`
    : `${n(inserted)} inserted, ${n(duplicates ?? 0)} duplicates, ${n(rejected)} rejected${before}`;
  return `${n(rows)} rows in ${seconds} s (${n(rate)}/s): ${verdict}`;
}
