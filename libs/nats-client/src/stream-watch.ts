import type { StreamInfo } from 'nats';
import type { NatsConnectionHandle, NatsSession } from './connection.js';
import { findStream } from './stream.js';

export interface StreamWatch {
  /** The stream's creation time while it is known to be there, else undefined. */
  epoch(): string | undefined;
  /** The server answered that there is no such stream. */
  missing(): boolean;
  /** max_msgs or max_bytes is reached, as of the last look. */
  full(): boolean;
  /** Forgets the epoch until the next look, which is made now. */
  distrust(): void;
  close(): void;
}

/**
 * Looks at the stream after every connect, periodically and when told to. Only one look is under way at a time; after a
 * disconnect nothing is known: the stream may come back as another one.
 */
export function watchStream(
  nats: NatsConnectionHandle,
  o: { stream: string; refreshMs: number },
): StreamWatch {
  let epoch: string | undefined;
  let missing = false;
  let full = false;
  let looking = false;
  let lookAgain = false;

  function learn(info: StreamInfo | undefined): void {
    epoch = info?.created;
    missing = info === undefined;
    full = info !== undefined && isFull(info);
  }

  async function look(session: NatsSession): Promise<void> {
    if (looking) {
      lookAgain = true;
      return;
    }
    looking = true;
    try {
      do {
        lookAgain = false;
        const info = await findStream(session, o.stream);
        // distrust() was called while this answer was under way: it may be from before.
        if (!lookAgain && !session.ended.aborted) learn(info);
      } while (lookAgain);
    } catch {
      // Not knowing is not news: publishing itself tells what is wrong, and the next look comes.
      if (session.ended.aborted) epoch = undefined;
    } finally {
      looking = false;
    }
  }

  const lookNow = (): void => {
    const session = nats.session();
    if (session) void look(session);
  };
  const timer = setInterval(lookNow, o.refreshMs);
  timer.unref();
  const unhook = nats.onConnected((session) => {
    session.ended.addEventListener('abort', () => (epoch = undefined), { once: true });
    void look(session);
  });

  return {
    epoch: () => epoch,
    missing: () => missing,
    full: () => full,
    distrust() {
      epoch = undefined;
      lookNow();
    },
    close() {
      clearInterval(timer);
      unhook();
    },
  };
}

function isFull(info: StreamInfo): boolean {
  const { max_msgs: maxMessages, max_bytes: maxBytes } = info.config;
  return (
    (maxMessages > 0 && info.state.messages >= maxMessages) || (maxBytes > 0 && info.state.bytes >= maxBytes)
  );
}
