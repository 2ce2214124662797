import type { ImportProgress } from '../load/import-input.js';
import { createMessages } from './messages.js';
import { createProgressLines } from './progress.js';

const at = (rows: number, bytesRead: number, sizeBytes: number | undefined): ImportProgress => ({
  rows,
  inserted: rows,
  duplicates: 0,
  rejected: 3,
  bytesRead,
  sizeBytes,
});

function linesOf(o: { json: boolean; quiet: boolean }): {
  written: string[];
  wait: (ms: number) => void;
  update: (progress: ImportProgress) => void;
} {
  let nowMs = 1_000_000;
  const clock = (): number => nowMs;
  const written: string[] = [];
  const messages = createMessages({ write: (line) => written.push(line), clock, ...o });
  const progress = createProgressLines(messages, clock);
  progress.start('events.csv');
  return { written, wait: (ms) => (nowMs += ms), update: progress.update };
}

describe('progress without a terminal', () => {
  it('is a line every five seconds, with rate, share and time left', () => {
    const { written, wait, update } = linesOf({ json: false, quiet: false });
    update(at(0, 0, 4_000));
    wait(4_999);
    update(at(500, 500, 4_000));
    expect(written).toEqual([]);
    wait(1);
    update(at(10_000, 1_000, 4_000));
    update(at(10_001, 1_001, 4_000));
    expect(written).toEqual(['events.csv: 10,000 rows (25 %, 15 s left), 2,000/s, 3 rejected\n']);
  });

  it('knows no share and no end of a stream', () => {
    const { written, wait, update } = linesOf({ json: false, quiet: false });
    wait(10_000);
    update(at(10_000, 1_000, undefined));
    expect(written).toEqual(['events.csv: 10,000 rows, 1,000/s, 3 rejected\n']);
  });

  it('is one JSON object a line where that is asked for', () => {
    const { written, wait, update } = linesOf({ json: true, quiet: false });
    wait(5_000);
    update(at(10, 0, 100));
    expect(written.map((line): unknown => JSON.parse(line))).toEqual([
      expect.objectContaining({
        event: 'import_progress',
        level: 'info',
        service: 'importer',
        timestamp: '1970-01-01T00:16:45.000Z',
        rows: 10,
        rows_per_second: 2,
        seconds_left: null,
      }),
    ]);
  });

  it('is nothing where quiet is asked for', () => {
    const { written, wait, update } = linesOf({ json: false, quiet: true });
    wait(5_000);
    update(at(10, 10, 100));
    expect(written).toEqual([]);
  });
});
