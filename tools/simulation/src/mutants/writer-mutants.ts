import { classifyDatabaseError, type Database, type DatabaseErrorClass } from '@event-analytics/timescale';
import type { Mutant } from './mutant.js';
import { recomposedWriter } from './recomposed-writer.js';

const ATTEMPTS_MAX = 3;
const NOTHING = { inserted: 0, duplicates: 0 };

/** A write that failed in this way counts as done, as if all of its events had been there. */
const takenForStored =
  (isIt: (failure: DatabaseErrorClass) => boolean) =>
  (db: Database): Database => ({
    ...db,
    async run(work, options) {
      try {
        return await db.run(work, options);
      } catch (error) {
        if (!isIt(classifyDatabaseError(error))) throw error;
        return NOTHING as Awaited<ReturnType<typeof work>>;
      }
    },
  });

export const WRITER_MUTANTS: readonly Mutant[] = [
  {
    name: 'ack-before-commit',
    mistake: 'messages are acknowledged as they are taken',
    startWriter: recomposedWriter(({ consumer }) => ({
      consumer: {
        ...consumer,
        async next(o) {
          const message = await consumer.next(o);
          if (message) void consumer.ack([message]);
          return message;
        },
        ack: () => Promise.resolve({ confirmed: true }),
        giveBack: () => undefined,
      },
    })),
    needs: ['writer_killed'],
  },
  {
    name: 'ack-what-failed',
    mistake: 'messages of a batch that was left undone are acknowledged instead of given back',
    startWriter: recomposedWriter(({ consumer }) => ({
      consumer: { ...consumer, giveBack: (messages) => void consumer.ack(messages) },
    })),
    needs: ['writer_stopped', 'postgres_killed', 'connection_refused'],
  },
  {
    name: 'give-up-after-retries',
    mistake: 'a write that failed some times is given up, and its messages are acknowledged',
    startWriter: recomposedWriter(({ write }) => {
      const failures = new Map<string, number>();
      return {
        async write(events) {
          try {
            return await write(events);
          } catch (error) {
            const [first] = events;
            const count = (failures.get(first?.event_id ?? '') ?? 0) + 1;
            failures.set(first?.event_id ?? '', count);
            if (count < ATTEMPTS_MAX || classifyDatabaseError(error).kind !== 'retryable') throw error;
            return NOTHING;
          }
        },
      };
    }),
    needs: ['postgres_killed'],
  },
  {
    name: 'acks-without-their-stream',
    mistake: "the durable's name is the same for ever, so that an ack fits a later stream of the same name",
    durableName: (name) => name.replace(/-\d{8,}.*$/, ''),
    plan: () => ({
      faults: new Set(['stream_made_anew', 'writer_paused', 'postgres_paused', 'slow_way']),
      writers: 4,
      lanes: 1,
      clients: 4,
      requestsPerClient: 16,
      chaosMs: 16_000,
    }),
  },
  {
    name: 'bury-what-failed-together',
    mistake: 'all events of a refused write become dead letters, though each alone would be taken',
    startWriter: recomposedWriter(({ write, deadLetters }) => ({
      async write(events) {
        try {
          return await write(events);
        } catch (error) {
          if (classifyDatabaseError(error).kind !== 'poison') throw error;
          for (const [index, { event_id, user_id, event_type, occurred_at }] of events.entries()) {
            await deadLetters.put({
              payload: Buffer.from(JSON.stringify({ event_id, user_id, event_type, occurred_at })),
              reason: 'poison',
              error: String(error),
              streamSequence: 1,
              streamEpoch: '',
              index,
              attempts: 1,
            });
          }
          return NOTHING;
        }
      },
    })),
    needs: ['refused_together'],
  },
  {
    name: 'ack-before-dead-letter',
    mistake: 'a message is acknowledged while its dead letter is still on its way',
    startWriter: recomposedWriter(({ deadLetters }) => ({
      deadLetters: {
        put(letter) {
          deadLetters.put(letter).catch(() => undefined);
          return Promise.resolve();
        },
      },
    })),
    plan: () => ({ poison: true, foreignMessages: true }),
    needs: ['dead_letter_refused'],
  },
  {
    name: 'refused-means-stored',
    mistake: 'a write that was refused for one event that is there is taken for stored as a whole',
    database: takenForStored(({ sqlState }) => sqlState === '23505'),
    needs: ['redis_flushed', 'sent_again', 'puback_lost'],
  },
  {
    name: 'lost-answer-means-stored',
    mistake: 'a connection that broke at the commit is taken for a commit',
    database: takenForStored(({ name }) => name === 'CONNECTION_CLOSED'),
    needs: ['lost_before_commit'],
  },
];
