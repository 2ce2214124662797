import type { ImportSummary as StoredImport } from '@event-analytics/timescale';

import { EXIT, type ExitCode } from '../exit-codes.js';
import { describeImport, importJson, importTable } from '../report/import-facts.js';
import type { Messages } from '../report/messages.js';

export interface ImportsDependencies {
  describe: (error: unknown) => string;
  /** To standard output. */
  print: (text: string) => void;
  messages: Messages;
}

/** Shows imports, the latest first: a table, or a line of JSON each. */
export async function runImportList(
  { limit, json }: { limit: number; json: boolean },
  o: ImportsDependencies & { list: () => Promise<StoredImport[]> },
): Promise<{ exitCode: ExitCode }> {
  return await reported(o, async () => {
    const all = (await o.list()).reverse();
    const shown = all.slice(0, limit);
    if (json) o.print(shown.map((stored) => `${JSON.stringify(importJson(stored))}\n`).join(''));
    else if (shown.length > 0) o.print(`${importTable(shown).join('\n')}\n`);
    const more = all.length > shown.length ? `; the latest ${shown.length} are shown` : '';
    o.messages.info('imports', `${all.length} imports${more}`, { imports: all.length });
    return EXIT.ok;
  });
}

/** Says what an import has done, in words on standard error and as a line of JSON on standard output. */
export async function runImportStatus(
  id: number,
  o: ImportsDependencies & { read: (id: number) => Promise<StoredImport | undefined> },
): Promise<{ exitCode: ExitCode }> {
  return await reported(o, async () => {
    const stored = await o.read(id);
    if (stored === undefined) {
      o.messages.error('import_unknown', `there is no import ${id}; "event-importer import list" lists all`);
      return EXIT.failed;
    }
    for (const line of describeImport(stored)) o.messages.info('import_status', line, { id });
    o.print(`${JSON.stringify(importJson(stored))}\n`);
    return EXIT.ok;
  });
}

async function reported(
  { describe, messages }: ImportsDependencies,
  work: () => Promise<ExitCode>,
): Promise<{ exitCode: ExitCode }> {
  try {
    return { exitCode: await work() };
  } catch (error) {
    messages.error('failed', describe(error));
    return { exitCode: EXIT.failed };
  }
}
