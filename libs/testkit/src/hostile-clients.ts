import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGzip } from 'node:zlib';

const MIB = 1_024 * 1_024;
const DRIP_EVERY_MS = 1_000;

/** A gzip bomb: one gibibyte of spaces, about a mebibyte of gzip. */
export async function gibibyteOfSpacesPacked(): Promise<Buffer> {
  const gzip = createGzip({ level: 9 });
  const spaces = Buffer.alloc(MIB, 0x20);
  const packed = (async () => {
    const chunks: Buffer[] = [];
    for await (const chunk of gzip) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  })();
  for (let i = 0; i < 1_024; i += 1) {
    if (!gzip.write(spaces)) await new Promise((resolve) => gzip.once('drain', resolve));
  }
  gzip.end();
  return packed;
}

export interface SlowSockets {
  /**
   * Waits until the other side has closed all, or so long after they were opened; then ends the rest. Resolves with how
   * long after they were opened the other side closed them, milliseconds.
   */
  end(o: { afterMs: number }): Promise<number[]>;
}

/**
 * Sockets that send a byte a second (slowloris): every second one in the middle of its headers, the others in the
 * middle of the body of a POST to /events.
 */
export function openSlowSockets(port: number, count: number): SlowSockets {
  const openedMs = performance.now();
  const closedMs: number[] = [];
  const heads = [
    'POST /events HTTP/1.1\r\nHost: x\r\nX-Slow: ',
    'POST /events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n',
  ];
  const sockets = Array.from({ length: count }, (_, i) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.on('close', () => closedMs.push(performance.now() - openedMs));
    socket.resume();
    socket.write(heads[i % 2] ?? '');
    return socket;
  });
  const drip = setInterval(() => sockets.forEach((s) => s.writable && s.write('x')), DRIP_EVERY_MS);
  return {
    async end({ afterMs }) {
      while (closedMs.length < count && performance.now() - openedMs < afterMs) await sleep(50);
      clearInterval(drip);
      const closedByOther = [...closedMs];
      sockets.forEach((socket) => socket.destroy());
      return closedByOther;
    },
  };
}
