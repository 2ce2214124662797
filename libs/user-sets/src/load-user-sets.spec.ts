import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { describeNative } from '../test/kinds.js';
import { loadUserSets, portableUserSets } from './index.js';

const run = promisify(execFile);
const LIB = resolve(__dirname, '..');

describe('loadUserSets', () => {
  it('gives portable ones when they are asked for', async () => {
    expect(await loadUserSets('portable')).toBe(portableUserSets);
  });

  describeNative('with the package roaring', () => {
    it('gives native ones when they are asked for, and by default', async () => {
      expect((await loadUserSets('native')).kind).toBe('native');
      expect((await loadUserSets()).kind).toBe('native');
    });

    it('gives native ones that mix with those of another call', async () => {
      const [first, second] = [await loadUserSets('native'), await loadUserSets('native')];
      expect(first.of([1, 2]).andSize(second.of([2, 3]))).toBe(1);
    });

    it('finds it from a bundle of an application', async () => {
      expect(await kindInBundle(LIB, 'auto')).toBe('native');
      expect(await kindInBundle(LIB, 'native')).toBe('native');
    });
  });

  it('gives portable ones from a bundle where the package is not installed', async () => {
    expect(await kindInBundle(tmpdir(), 'auto')).toBe('portable');
    expect(await kindInBundle(tmpdir(), 'portable')).toBe('portable');
  });

  it('says what to do where native ones are asked for and the package is not installed', async () => {
    await expect(kindInBundle(tmpdir(), 'native')).rejects.toThrow(
      /native user sets need the npm package roaring.*npm install roaring/,
    );
  });
});

/** What loadUserSets gives in an ES module as the services are built, which stands in a folder below `parent`. */
async function kindInBundle(parent: string, choice: string): Promise<string> {
  const folder = await mkdtemp(join(parent, 'out-tsc-bundle-'));
  try {
    const outfile = join(folder, 'main.mjs');
    await build({
      stdin: {
        contents: `import { loadUserSets } from './src/index.js';
          process.stdout.write((await loadUserSets('${choice}')).kind);`,
        resolveDir: LIB,
        loader: 'ts',
      },
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
      outfile,
    });
    return (await run(process.execPath, [outfile])).stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
