import type { StackMachine } from '../ingest/describe-servers.js';
import type { MeanwhileFigures } from './meanwhile.js';
import type { AgainFigures, OurFigures, RecountFigures } from './our-import.js';
import type { YardstickFigures } from './yardsticks.js';

/** All of a run, as --json writes it. Sizes in bytes. */
export interface BenchResult {
  machine: StackMachine;
  options: {
    rows: number;
    users: number;
    types: number;
    days: number;
    order: string;
    zones: readonly string[];
    importerArgs: readonly string[];
    parts: readonly string[];
    quick: boolean;
  };
  /** Of the file; 0 where none was needed. */
  fileBytes: number;
  /** In turns with `copy`: each against the one beside it. */
  imports: OurFigures[];
  again?: AgainFigures;
  recount?: RecountFigures;
  /** Absent where there is no psql beside the server. */
  copy?: YardstickFigures[];
  peer?: YardstickFigures;
  meanwhile?: MeanwhileFigures;
  /** Our import of a file before and after one of the size that `large` has. */
  scale?: { base: OurFigures[]; large: OurFigures };
  seconds: number;
}
