/** Names as they came from the server, in UTF-8: to look one up needs no text of it. */
export interface Names {
  bytes: Uint8Array;
  /** Where name i begins and ends in them: at 2 i and 2 i + 1. */
  bounds: Uint32Array;
}

/** No text of PostgreSQL's holds one. */
const NUL = 0;

export function namesOf(texts: readonly string[]): Names {
  const bytes = Buffer.from(texts.join('\0'));
  const bounds = new Uint32Array(2 * texts.length);
  for (let i = 0, start = 0; i < texts.length; i++) {
    let end = start;
    while (end < bytes.length && bytes[end] !== NUL) end++;
    bounds[2 * i] = start;
    bounds[2 * i + 1] = end;
    start = end + 1;
  }
  return { bytes, bounds };
}

export function nameAt({ bytes, bounds }: Names, i: number): string {
  return textOf(bytes, bounds[2 * i] ?? 0, bounds[2 * i + 1] ?? 0);
}

export function textOf({ buffer, byteOffset }: Uint8Array, start: number, end: number): string {
  return Buffer.from(buffer, byteOffset + start, end - start).toString();
}
