import { writeFile } from 'node:fs/promises';

/** @throws Error, for yargs to print, where --only names something else */
export function partNamed<Part extends string>(parts: readonly Part[], name: string): Part {
  const part = parts.find((known) => known === name);
  if (part === undefined) throw new Error(`--only: ${name} is none of ${parts.join(', ')}`);
  return part;
}

/** Those figures of a scale that were given. */
export function givenOf<Scale extends Record<string, number>>(
  scale: Scale,
  given: { readonly [Name in keyof Scale]?: number | undefined },
): Partial<Scale> {
  const names: (keyof Scale)[] = Object.keys(scale);
  return Object.fromEntries(
    names.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])),
  ) as Partial<Scale>;
}

/** Prints the report, writes the result, and with --check names what misses its bar, of which the exit code tells. */
export async function conclude(
  result: object,
  o: { report: string; missed: readonly string[]; json: string | undefined; check: boolean },
): Promise<void> {
  console.log(o.report);
  if (o.json !== undefined) await writeFile(o.json, `${JSON.stringify(result, null, 2)}\n`);
  if (!o.check || o.missed.length === 0) return;
  for (const line of o.missed) console.error(`missed: ${line}`);
  process.exitCode = 1;
}
