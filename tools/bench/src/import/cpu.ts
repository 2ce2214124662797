import { parseStat, REST, textOf, type UsageByName, type UsageMeter } from '../ingest/process-usage.js';
import type { Database } from '@event-analytics/timescale';

const SAMPLE_MS = 200;
const TOOL = 'benchmark';

/** CPU for each row, in microseconds: all of it, and of that the kernel's. */
export interface RowCpu {
  micros: number;
  systemMicros?: number;
}

export interface CpuFigures {
  /** The program that was run, each server and service, this benchmark, and the rest of the machine. */
  processes: Record<string, RowCpu>;
  /** PostgreSQL's by who asked, or by what its process is for; sampled, so a little is missing. */
  backends: Record<string, RowCpu>;
}

export interface CpuWatch {
  /** @param program what the process is called that ran, and has ended, meanwhile */
  end(program: string, rows: number): Promise<CpuFigures | undefined>;
}

/**
 * @param pids by name; processes that are alive until the end
 * @param db for the list of PostgreSQL's processes: of any database of that server
 */
export function watchCpu(
  meter: UsageMeter | undefined,
  db: Database,
  pids: Readonly<Record<string, number>>,
): CpuWatch {
  const all = { ...pids, [TOOL]: process.pid };
  const before = meter?.read(all);
  const selfBefore = process.cpuUsage();
  const backends = meter && watchBackends(db);
  return {
    async end(program, rows) {
      await backends?.end();
      const self = process.cpuUsage(selfBefore);
      const after = meter?.read(all);
      if (before === undefined || after === undefined || backends === undefined) return undefined;
      const used = difference(before, after);
      const tool = { cpuMs: (self.user + self.system) / 1_000, systemMs: self.system / 1_000 };
      // Ended children count as their parent's: what is there beyond its own was the program's.
      const processes = {
        [program]: {
          cpuMs: (used[TOOL]?.cpuMs ?? NaN) - tool.cpuMs,
          systemMs: (used[TOOL]?.systemMs ?? NaN) - tool.systemMs,
        },
        ...used,
        [TOOL]: tool,
        // What ended meanwhile is counted at its end, and not evenly: a little less than nothing is nothing.
        [REST]: { cpuMs: Math.max(0, used[REST]?.cpuMs ?? NaN) },
      };
      return { processes: perRow(processes, rows), backends: perRow(backends.used(), rows) };
    },
  };
}

interface Used {
  cpuMs: number;
  systemMs?: number;
}

function difference(before: UsageByName, after: UsageByName): Record<string, Used> {
  return Object.fromEntries(
    Object.entries(after).map(([name, { cpuMs, systemMs }]) => [
      name,
      {
        cpuMs: cpuMs - (before[name]?.cpuMs ?? NaN),
        systemMs: (systemMs ?? NaN) - (before[name]?.systemMs ?? NaN),
      },
    ]),
  );
}

function perRow(used: Readonly<Record<string, Used>>, rows: number): Record<string, RowCpu> {
  return Object.fromEntries(
    Object.entries(used).map(([name, { cpuMs, systemMs }]) => [
      name,
      {
        micros: (1_000 * cpuMs) / rows,
        ...(systemMs !== undefined && { systemMicros: (1_000 * systemMs) / rows }),
      },
    ]),
  );
}

interface BackendWatch {
  end(): Promise<void>;
  used(): Record<string, Used>;
}

interface Backend {
  name: string;
  first: { ticks: number; systemTicks: number };
  last: { ticks: number; systemTicks: number };
}

const TICK_MS = 10;

/** Those that come and go meanwhile are counted up to when they were last seen. */
function watchBackends(db: Database): BackendWatch {
  const backends = new Map<number, Backend>();
  let first = true;
  let watching = true;
  const watched = watch();
  return {
    async end() {
      watching = false;
      await watched;
    },
    used() {
      const sums: Record<string, { cpuMs: number; systemMs: number }> = {};
      for (const { name, first: from, last: to } of backends.values()) {
        const sum = (sums[name] ??= { cpuMs: 0, systemMs: 0 });
        sum.cpuMs += TICK_MS * (to.ticks - from.ticks);
        sum.systemMs += TICK_MS * (to.systemTicks - from.systemTicks);
      }
      return sums;
    },
  };

  async function watch(): Promise<void> {
    while (watching) {
      await sample();
      first = false;
      // In steps, so that the end need not wait.
      for (let waited = 0; waited < SAMPLE_MS && watching; waited += 20)
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await sample();
  }

  async function sample(): Promise<void> {
    const rows = await db.run(
      (sql) => sql<{ pid: number; name: string }[]>`
        SELECT pid, CASE WHEN backend_type = 'client backend' THEN application_name ELSE backend_type END AS name
        FROM pg_stat_activity`,
    );
    for (const { pid, name } of rows) {
      const now = parseStat(textOf(`/proc/${String(pid)}/stat`));
      if (now === undefined) continue;
      const known = backends.get(pid);
      if (known?.name === name) known.last = now;
      // One that was not there at the beginning has done all of it meanwhile.
      else backends.set(pid, { name, first: first ? now : (known?.last ?? NOTHING), last: now });
    }
  }
}

const NOTHING = { ticks: 0, systemTicks: 0 };
