import type { BadAnswers } from './bad-requests.js';
import type { CopyFigures } from './copy-rows.js';
import type { StackMachine } from './describe-servers.js';
import type { GatewayFigures } from './gateway-alone.js';
import type { NaiveFigures, NaiveLoad } from './naive-services.js';
import type { Freshness } from './probes.js';
import type { EndToEndFigures } from './sustained.js';

/** All of a run, as --json writes it. Times in milliseconds where the name says so, sizes in bytes. */
export interface BenchResult {
  machine: StackMachine & {
    /** Whether CPU and memory by process could be had: from /proc. */
    processUsage: boolean;
  };
  options: {
    events: number;
    seconds: number;
    users: number;
    connections: number;
    batchEvents: number;
    quick: boolean;
    parts: readonly string[];
  };
  scenario?: EndToEndFigures;
  sustained?: EndToEndFigures;
  /** The rows of `sustained`; absent where there is no psql beside the server. */
  copy?: CopyFigures;
  /** In two turns: before and after the sustained load. */
  naive?: Record<NaiveLoad, NaiveFigures[]>;
  /** One of each batch's events is invalid, and other bad requests come between. */
  badInput?: EndToEndFigures & { badAnswers: BadAnswers };
  freshness?: EndToEndFigures & Freshness & { eventsPerSecondWanted: number };
  /** Half of the events that are sent were acknowledged before. */
  duplicates?: EndToEndFigures;
  gatewayAlone?: GatewayFigures[];
  /** All that the services were sent: acknowledged, in the database and in the statistics, the same. */
  counted: { events: number };
  seconds: number;
}
