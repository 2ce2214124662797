/** Sends the requests that it is told to send, one at a time, and says what came and how long it took. */
import { createHttpClient, type HttpClient } from './http-timing.js';

/** What it is told: first where the service is, then what to ask of it. */
export type ClientCommand = { url: string } | { path: string };

let client: HttpClient | undefined;

async function follow(command: ClientCommand): Promise<unknown> {
  if ('url' in command) {
    client = createHttpClient(command.url);
    return 'ready';
  }
  if (client === undefined) throw new Error('nobody said where the service is');
  return await client.get(command.path);
}

process.on('message', (command: ClientCommand) => {
  follow(command).then(
    (answer) => process.send?.(answer),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(0));
