import { connect } from 'node:net';

/** One command in Redis' inline form, such as `FLUSHALL`; resolves with the first line of the reply, without its type. */
export async function redisCommand(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`));
    socket.setTimeout(5_000, () => socket.destroy(new Error(`Redis did not answer ${command}`)));
    let text = '';
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      text += chunk.toString();
      const end = text.indexOf('\r\n');
      if (end < 0) return;
      socket.destroy();
      const line = text.slice(1, end);
      if (text.startsWith('-')) reject(new Error(`${command}: ${line}`));
      else resolve(line);
    });
  });
}
