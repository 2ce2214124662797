import type { Changes, ChangesQuery } from '../queries/activity_changes_read.js';
import type { CacheMemory, RangeCache } from './range-cache.js';

/** The index that answers for a zone, as it was told last, and what is remembered of it. */
export interface ViewedIndex {
  id: number;
  generation: number;
  sealedBefore: number;
  completeFrom: number;
  cache: RangeCache;
  /** Ranges that somebody is reading, by their keys; settled when they are in the cache, or cannot be. */
  reading: Map<string, Promise<unknown>>;
}

/** What is known of a zone: moved on by statements that tell what is new, in whatever order they end. */
export interface ZoneView {
  readonly index: ViewedIndex | undefined;
  /** What a statement that begins now is to ask; `apply` takes its answer. */
  ask(typeNames: readonly string[]): { query: ChangesQuery; apply: (answer: Changes) => void };
}

export interface ZoneViewOptions {
  zone: string;
  memory: CacheMemory;
  /** Numbers of types. A type keeps its number for ever. */
  typeNumbers: Map<string, number>;
  /** More changes than these are not read: it costs less to read anew what is asked for. */
  changesMax: number;
  changeBytesMax: number;
}

export function createZoneView({ zone, memory, typeNumbers, ...max }: ZoneViewOptions): ZoneView {
  let index: ViewedIndex | undefined;
  /** The latest fold that was seen. */
  let latest = 0;

  return {
    get index() {
      return index;
    },
    ask(typeNames) {
      const latestBefore = latest;
      const since = index?.cache.oldest();
      const types = index?.cache.types() ?? [];
      const known =
        index === undefined || since === undefined
          ? undefined
          : { id: index.id, generation: index.generation, types, since };
      return {
        query: { zone, known, typeNames, rowsMax: max.changesMax, bytesMax: max.changeBytesMax },
        apply(answer) {
          // The database went back in time: it was restored from a backup.
          const restored = answer.seq < latestBefore;
          if (restored) {
            forget();
            typeNumbers.clear();
          }
          for (const [name, number] of answer.typeNumbers) typeNumbers.set(name, number);
          if (!restored && answer.seq < latest) return;
          latest = answer.seq;
          if (!sameIndex(answer)) replace(answer);
          if (index === undefined || answer.index === undefined || known === undefined) return;
          index.sealedBefore = answer.index.sealedBefore;
          if (index.id !== known.id || index.generation !== known.generation) return;
          if (answer.changes === undefined) index.cache.clear();
          else
            index.cache.advance({
              types: new Set(types),
              since: known.since,
              asOf: answer.seq,
              changes: answer.changes,
            });
        },
      };
    },
  };

  function sameIndex({ index: told }: Changes): boolean {
    return told?.id === index?.id && told?.generation === index?.generation;
  }

  function replace({ index: told }: Changes): void {
    forget();
    if (told !== undefined) index = { ...told, cache: memory.open(), reading: new Map() };
  }

  function forget(): void {
    index?.cache.clear();
    index = undefined;
  }
}
