/* eslint-disable no-restricted-imports -- asks each server as its own client would, without our libs between */
import { connect as connectNats } from 'nats';
import { connect } from 'node:net';
import postgres from 'postgres';

export async function sql(url: string, text: string): Promise<postgres.Row[]> {
  const client = postgres(url, { max: 1, onnotice: () => undefined, connect_timeout: 5 });
  try {
    return [...(await client.unsafe(text))];
  } finally {
    await client.end({ timeout: 5 });
  }
}

/** One inline command; the raw answer's first line. */
export function redis(url: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(`${command}\r\n`));
    socket.once('error', reject);
    socket.once('data', (answer) => {
      socket.destroy();
      resolve(answer.toString().trim());
    });
  });
}

/** Adds a message to a stream (made if need be) of file storage; how many it then holds. */
export async function addMessage(url: string, stream: string): Promise<number> {
  const connection = await connectNats({ servers: url, timeout: 5_000 });
  try {
    const manager = await connection.jetstreamManager();
    await manager.streams.add({ name: stream, subjects: [stream] });
    await connection.jetstream().publish(stream, 'one');
    return (await manager.streams.info(stream)).state.messages;
  } finally {
    await connection.close();
  }
}
