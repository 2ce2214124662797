import { HEADER, idOf, row } from './events-csv.js';

export interface MixedCsv {
  text: string;
  good: number;
  /** As the reject file is to have them. */
  bad: { line: number; row: string }[];
}

/** Rows, of which every `badEvery`th is none; each bad one is bad in its own way, and none is like another. */
export function mixedCsv(count: number, badEvery: number): MixedCsv {
  let text = HEADER;
  let line = 2;
  const bad: MixedCsv['bad'] = [];
  for (let n = 0; n < count; n += 1) {
    const isBad = n % badEvery === badEvery - 1;
    const one = isBad ? badRow(n, bad.length) : row(n);
    if (isBad) bad.push({ line, row: one.slice(0, -1) });
    text += one;
    line += one.split('\n').length - 1;
  }
  return { text, good: count - bad.length, bad };
}

function badRow(n: number, kind: number): string {
  const good = row(n);
  switch (kind % 5) {
    case 0:
      return good.replace(idOf(n), `no-uuid-${n}`);
    case 1:
      return good.replace(`user-${n % 50}`, '');
    case 2:
      return good.replace(',page_view', '');
    case 3:
      return good.replace('2024-', '2024x');
    default:
      // Of two lines.
      return good.replace('""n"":', '""n"":\n,');
  }
}
