import type { EventRow } from './batch.js';
import { writeRows, type WriteRowsOptions } from './write-rows.js';

type Failure = 'retryable' | 'poison' | 'fault';

class FakeFailure extends Error {
  constructor(readonly kind: Failure) {
    super(kind);
  }
}

const rowsOf = (count: number): EventRow[] =>
  Array.from({ length: count }, (_, i) => ({
    line: i + 2,
    bytes: Uint8Array.of(i),
    event: { event_id: `${i}`, user_id: 'u', event_type: 't', occurred_at: '', properties: {} },
  }));

function options(write: (ids: number[]) => Failure | undefined): WriteRowsOptions & { waitedMs: number[] } {
  let nowMs = 0;
  const waitedMs: number[] = [];
  return {
    waitedMs,
    write: (events) => {
      const failure = write(events.map((event) => Number(event.event_id)));
      if (failure) return Promise.reject(new FakeFailure(failure));
      return Promise.resolve({ inserted: events.length - 1, duplicates: 1 });
    },
    classify: (error) => ({ kind: (error as FakeFailure).kind, sqlState: '22P05' }),
    retryForMs: 60_000,
    clock: () => nowMs,
    pause: (ms) => {
      waitedMs.push(ms);
      nowMs += ms;
      return Promise.resolve();
    },
    stopped: () => false,
    onRetry: () => undefined,
  };
}

describe('writeRows', () => {
  it('asks the database for nothing when there is no row', async () => {
    const written = await writeRows(
      [],
      options(() => 'fault'),
    );
    expect(written).toEqual({ inserted: 0, duplicates: 0, rejected: [] });
  });

  it('hands back the rows that are too old, and names the instant', async () => {
    const o = options(() => undefined);
    o.write = () =>
      Promise.resolve({
        inserted: 1,
        duplicates: 0,
        tooOld: { indexes: [0, 2], retainedFrom: '2024-05-01T00:00:00.000Z' },
      });
    const { inserted, duplicates, rejected } = await writeRows(rowsOf(3), o);
    expect({ inserted, duplicates }).toEqual({ inserted: 1, duplicates: 0 });
    expect(rejected.map((row) => [row.line, row.code])).toEqual([
      [2, 'too_old'],
      [4, 'too_old'],
    ]);
    expect(rejected[0]?.message).toContain('2024-05-01T00:00:00.000Z');
  });

  it('tries again what fails for a passing reason, ever more slowly', async () => {
    let failures = 9;
    const o = options(() => (failures-- > 0 ? 'retryable' : undefined));
    expect(await writeRows(rowsOf(3), o)).toEqual({ inserted: 2, duplicates: 1, rejected: [] });
    expect(o.waitedMs).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
  });

  it('gives up when the reason does not pass', async () => {
    const o = options(() => 'retryable');
    await expect(writeRows(rowsOf(3), o)).rejects.toThrow('retryable');
    expect(o.clock()).toBeLessThanOrEqual(60_000);
    expect(o.clock()).toBeGreaterThan(50_000);
  });

  it('gives up at once when it is told to stop, and at a fault', async () => {
    const stopped = { ...options(() => 'retryable'), stopped: () => true };
    await expect(writeRows(rowsOf(3), stopped)).rejects.toThrow('retryable');
    expect(stopped.waitedMs).toEqual([]);
    const faulty = options(() => 'fault');
    await expect(writeRows(rowsOf(3), faulty)).rejects.toThrow('fault');
    expect(faulty.waitedMs).toEqual([]);
  });

  it('finds the rows that the database cannot hold, and writes the others', async () => {
    const bad = new Set([0, 5, 6, 12]);
    const stored: number[] = [];
    const o = options((ids) => {
      if (ids.some((id) => bad.has(id))) return 'poison';
      stored.push(...ids);
      return undefined;
    });
    const { rejected } = await writeRows(rowsOf(13), o);
    expect(rejected.map((row) => [row.line, row.code])).toEqual([
      [2, 'refused_by_database'],
      [7, 'refused_by_database'],
      [8, 'refused_by_database'],
      [14, 'refused_by_database'],
    ]);
    expect(rejected[0]?.message).toContain('22P05');
    expect(stored).toEqual([1, 2, 3, 4, 7, 8, 9, 10, 11]);
  });
});
