import { connect } from 'node:net';

const PROBE_TIMEOUT_MS = 1_000;
const HOST = '127.0.0.1';

/** Connects, sends the greeting (if any), and says whether the first bytes of the answer are as wanted. */
function answers(
  port: number,
  greeting: Buffer | null,
  wanted: (answer: Buffer) => boolean,
): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: HOST });
    const settle = (ready: boolean): void => {
      socket.destroy();
      resolve(ready);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => settle(false));
    socket.once('error', () => settle(false));
    socket.once('end', () => settle(false));
    socket.once('data', (answer) => settle(wanted(answer)));
    socket.once('connect', () => {
      if (greeting) socket.write(greeting);
    });
  });
}

/** PostgreSQL answers a startup packet with 57P03 until it takes sessions; what it answers then is the session's business. */
export function postgresIsReady(port: number): Promise<boolean> {
  const settings = Buffer.from('user\0postgres\0database\0postgres\0\0');
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + settings.length, 0);
  head.writeInt32BE(0x0003_0000, 4);
  return answers(port, Buffer.concat([head, settings]), (answer) => !answer.includes('57P03'));
}

/** Redis answers -LOADING until its data is in memory. */
export function redisIsReady(port: number): Promise<boolean> {
  return answers(port, Buffer.from('PING\r\n'), (answer) => answer.toString().startsWith('+PONG'));
}

/** NATS greets with INFO; JetStream, which recovers after that, is asked for on the monitoring port. */
export async function natsIsReady(port: number, monitorPort: number): Promise<boolean> {
  if (!(await answers(port, null, (answer) => answer.toString().startsWith('INFO ')))) return false;
  return httpIsOk(`http://${HOST}:${monitorPort}/healthz`);
}

export async function httpIsOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
