import { freePort } from '../src/index.js';
import { runScript } from './processes.js';

const OURS = 3_000;
const THEIRS = 3_000;

test('no port is handed out twice, by one process or by two, though nothing listens on it', async () => {
  const other = runScript('test/take-ports.ts', [String(THEIRS)]);
  try {
    const taken = new Set<number>();
    for (let i = 0; i < OURS; i += 1) taken.add(await freePort());
    await other.says('taken');
    for (const port of JSON.parse(other.output().split('\n')[0] ?? '') as number[]) taken.add(port);
    expect(taken.size).toBe(OURS + THEIRS);
  } finally {
    other.child.kill('SIGKILL');
    await other.ended;
  }
});
