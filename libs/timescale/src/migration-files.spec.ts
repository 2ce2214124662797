import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readMigrations } from './migration-files.js';

describe('readMigrations', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'migrations-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const read = (names: string[], storage: 'partitions' | 'timescaledb') => {
    for (const name of names) writeFileSync(join(folder, name), 'SELECT 1;\n');
    return readMigrations(pathToFileURL(`${folder}/`), storage).map(({ name }) => name);
  };

  it('takes what is for the storage, in order', () => {
    const names = ['0002_b.sql', '0001_a.partitions.sql', '0001_a.timescaledb.sql'];
    expect(read(names, 'partitions')).toEqual(['0001_a.partitions.sql', '0002_b.sql']);
    expect(read(names, 'timescaledb')).toEqual(['0001_a.timescaledb.sql', '0002_b.sql']);
  });

  it.each([
    ['a gap', ['0001_a.sql', '0003_c.sql']],
    ['a number given twice', ['0001_a.sql', '0001_b.sql']],
    ['a step that the storage lacks', ['0001_a.timescaledb.sql', '0002_b.sql']],
    ['a file that is no migration', ['0001_a.sql', 'notes.txt']],
  ])('refuses %s', (_, names) => {
    expect(() => read(names, 'partitions')).toThrow(/migration/);
  });

  it('has the same steps for both storages', () => {
    const ids = (storage: 'partitions' | 'timescaledb') =>
      readMigrations(pathToFileURL(`${join(__dirname, 'migrations')}/`), storage).map(({ id }) => id);
    expect(ids('partitions')).toEqual(ids('timescaledb'));
  });
});
