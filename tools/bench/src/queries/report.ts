import { holds } from '../bars.js';
import { count, ratio, short, times } from '../numbers.js';
import { table } from '../report-table.js';
import type { Floor } from './ask-stats-api.js';
import { BARS, historyName } from './bars.js';
import type { BenchResult, Phase } from './result.js';
import type { ScaleResult } from './scale.js';
import type { WritesResult } from './writes.js';

/** The result for reading. */
export function reportOf(result: BenchResult): string {
  const { machine, options } = result;
  const spread = options.uniform ? 'uniformly at random' : 'heavy-tailed';
  return [
    `${count(options.events)} events of ${count(options.users)} users (${spread}) over ${count(options.days)} days; ${count(machine.cores)} cores, Node ${machine.node}, PostgreSQL ${machine.postgres} (${machine.storage})`,
    ...result.phases.flatMap(phaseLines),
    ...(result.scale ? scaleLines(result.scale) : []),
    ...(result.writes ? writesLines(result.writes) : []),
    ...(result.backfill ? backfillLines(result.backfill) : []),
    ...barsLines(result),
  ].join('\n');
}

function phaseLines(phase: Phase): string[] {
  const { build, sizes } = phase;
  const rows = Object.entries(phase.questions).flatMap(([name, { index, sqlMs, duckDbMs }]) => {
    const timings = Object.entries(index);
    if (timings.length === 0)
      return [[name, 'no such endpoint', '', '', '', '', ms(sqlMs), '', ms(duckDbMs), '']];
    return timings.map(([set, timing]) => [
      name,
      timing.fromIndex ? set : `${set}: from events`,
      ms(timing.p50Ms),
      ms(timing.p99Ms),
      ms(timing.cold?.aloneMs),
      ms(timing.cold?.inTurnMs),
      ms(sqlMs),
      times(ratio(sqlMs, timing.p50Ms)),
      ms(duckDbMs),
      times(ratio(duckDbMs, timing.p50Ms)),
    ]);
  });
  const zones = build.zones.length;
  const perEvent = (bytes: number) => `${short(bytes / sizes.events)} bytes`;
  return [
    '',
    `${historyName(phase)}: ${count(sizes.events)} events in all, loaded in ${seconds(phase.loadMs)}, index of ${build.zones.join(' and ')} built in ${seconds(build.buildMs)} and sealed in ${seconds(build.sealMs)} (${count(build.monthsSealed)} months)`,
    ...table([
      ['', 'bitmaps', 'p50 ms', 'p99 ms', 'cold ms', 'in turn', 'SQL ms', '× p50', 'DuckDB ms', '× p50'],
      ...(phase.floor ? floorRows(phase.floor) : []),
      ...rows,
    ]),
    `  events, an event: ${perEvent(sizes.eventsTableBytes)} and indexes ${perEvent(sizes.eventsIndexBytes)}`,
    `  bitmaps, an event and zone: ${perEvent(sizes.bitmapsBytes / zones)} on disk (in them: days ${perEvent(sizes.bitmapsDaysBytes / zones)}, months ${perEvent(sizes.bitmapsMonthsBytes / zones)}; ${count(sizes.bitmapsRows)} rows)`,
    `  counts, an event: ${perEvent(sizes.countsBytes)}; dictionary: ${count(sizes.users)} users, ${short(sizes.dictionaryBytes / sizes.users)} bytes each`,
  ];
}

function floorRows({ empty, roundTrip }: Floor): string[][] {
  return [
    ['an empty answer', '', ms(empty.p50Ms), ms(empty.p99Ms)],
    ['Express and SELECT 1', '', ms(roundTrip.p50Ms), ms(roundTrip.p99Ms)],
  ];
}

function scaleLines({ events: [few, many], loaded, questions }: ScaleResult): string[] {
  const rows = questions.map(({ name, sets, few, many }) => [
    name,
    few.fromIndex && many.fromIndex ? sets : `${sets}: from events`,
    ms(few.p50Ms),
    ms(many.p50Ms),
    times(ratio(many.p50Ms, few.p50Ms)),
    ms(few.p99Ms),
    ms(many.p99Ms),
    times(ratio(many.p99Ms, few.p99Ms)),
  ]);
  return [
    '',
    `${count(few)} and ${count(many)} events, ${loaded ? 'loaded' : 'the index alone'}, asked by turns ${count(questions[0]?.few.requests ?? 0)} times each`,
    ...table([['', 'bitmaps', 'p50 ms', 'of many', '×', 'p99 ms', 'of many', '×'], ...rows]),
  ];
}

function writesLines(writes: WritesResult): string[] {
  const rows = writes.wal.map(({ perSecond, alone, indexed }) => [
    perSecond === undefined ? 'full rate' : `${count(perSecond)}/s`,
    short(alone),
    short(indexed),
  ]);
  return [
    '',
    `writes: deduplicated inserts alone ${count(Math.round(writes.insertsPerSecond))}/s, with log and folding ${count(Math.round(writes.writesPerSecond))}/s: ${short(writes.ratio)} ×`,
    `  everything folded ${short(writes.drainMsMax)} ms after the last write; a row of the log waited ${short(writes.lagMsMax)} ms at most`,
    ...table([['WAL bytes an event, without page images', 'inserts alone', 'with log and index'], ...rows]),
  ];
}

function backfillLines(backfill: NonNullable<BenchResult['backfill']>): string[] {
  const { visibleMs } = backfill;
  return [
    '',
    `backfill of ${count(backfill.events)} events over 10 years and 200 types: written ${count(Math.round(backfill.writtenPerSecond))}/s, folded ${count(Math.round(backfill.foldedPerSecond))}/s`,
    `  indexer ${short(backfill.indexerResidentMb)} MB at most; live events visible after p50 ${short(visibleMs.p50Ms)} ms, p99 ${short(visibleMs.p99Ms)} ms, max ${short(visibleMs.maxMs)} ms${backfill.fromIndex ? '' : ' (counted from events, not by the index)'}`,
  ];
}

function barsLines(result: BenchResult): string[] {
  const rows = BARS.flatMap((bar) => {
    const figures = bar.figures(result);
    if (figures.length === 0) return [];
    // The one that is furthest from holding: before all others what is no number.
    const worst =
      figures.find(({ value }) => Number.isNaN(value)) ??
      figures.reduce((a, b) => ((bar.atMost === undefined ? a.value < b.value : a.value > b.value) ? a : b));
    const limit = bar.atMost === undefined ? `≥ ${count(bar.atLeast ?? 0)}` : `≤ ${count(bar.atMost)}`;
    const held = figures.every(({ value }) => holds(bar, value));
    return [[bar.name, `${limit} ${bar.unit}`, short(worst.value), held ? 'holds' : 'MISSED', worst.where]];
  });
  const without = BARS.filter((bar) => bar.figures(result).length === 0);
  return [
    '',
    ...(rows.length > 0 ? table([['', 'bar', 'worst', '', 'where'], ...rows]) : []),
    ...(without.length > 0 ? [`  not measured: ${without.map(({ name }) => name).join('; ')}`] : []),
  ];
}

const ms = (value: number | undefined): string => (value === undefined ? '' : short(value));
const seconds = (value: number): string => `${(value / 1_000).toFixed(1)} s`;
