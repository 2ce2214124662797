import type { Changes, ChangesQuery } from '../queries/activity_changes_read.js';
import type { CacheMemory, RangeCache } from './range-cache.js';

/** The index that answers for a zone, as it was told last, and what is remembered of it. */
export interface ViewedIndex {
  id: number;
  generation: number;
  incarnation: string;
  sealedBefore: number;
  completeFrom: number;
  /** Numbers of types that were asked for. A type keeps its number as long as there is this index. */
  typeNumbers: ReadonlyMap<string, number>;
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
  /** More changes than these are not read: it costs less to read anew what is asked for. */
  changesMax: number;
  changeBytesMax: number;
}

/** Clients make types up. Many more than one question can name: past it all are forgotten, and asked for again. */
const TYPES_REMEMBERED = 10_000;

export function createZoneView({ zone, memory, ...max }: ZoneViewOptions): ZoneView {
  let index: (ViewedIndex & { typeNumbers: Map<string, number> }) | undefined;
  /** The latest fold that was seen, and of which incarnation. */
  let latest = 0;
  let incarnation: string | undefined;

  return {
    get index() {
      return index;
    },
    ask(typeNames) {
      const indexBefore = index;
      const latestBefore = latest;
      const incarnationBefore = incarnation;
      const since = index?.cache.oldest();
      const types = index?.cache.types() ?? [];
      const known =
        index === undefined || since === undefined
          ? undefined
          : { id: index.id, generation: index.generation, types, since };
      return {
        query: { zone, known, typeNames, rowsMax: max.changesMax, bytesMax: max.changeBytesMax },
        apply(answer) {
          const another = answer.incarnation !== incarnation;
          // Of the one before, overtaken by an answer of this one.
          if (another && answer.incarnation === incarnationBefore) return;
          // The database went back in time: it was restored from a backup.
          const restored = incarnation === incarnationBefore && answer.seq < latestBefore;
          if (another || restored) forget();
          else if (answer.seq < latest) {
            rememberTypes(answer);
            return;
          }
          latest = answer.seq;
          incarnation = answer.incarnation;
          if (!sameIndex(answer)) replace(answer);
          rememberTypes(answer);
          if (index === undefined || answer.index === undefined) return;
          index.sealedBefore = answer.index.sealedBefore;
          if (known === undefined || index !== indexBefore) return;
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

  function replace({ index: told, incarnation: of }: Changes): void {
    forget();
    if (told === undefined) return;
    index = { ...told, incarnation: of, typeNumbers: new Map(), cache: memory.open(), reading: new Map() };
  }

  function rememberTypes({ typeNumbers: told }: Changes): void {
    if (index === undefined) return;
    const { typeNumbers } = index;
    if (typeNumbers.size + told.size > TYPES_REMEMBERED) typeNumbers.clear();
    for (const [name, number] of told) typeNumbers.set(name, number);
  }

  function forget(): void {
    index?.cache.clear();
    index = undefined;
  }
}
