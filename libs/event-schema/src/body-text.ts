import { isUtf8 } from 'node:buffer';

const hasBom = (bytes: Uint8Array) => bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;

/** The text of UTF-8 bytes without a byte order mark; undefined when they are no UTF-8. */
export const decodeUtf8 = (bytes: Uint8Array): string | undefined => {
  if (!isUtf8(bytes)) return undefined;
  const start = hasBom(bytes) ? 3 : 0;
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, bytes.byteLength - start).toString('utf8');
};

export type JsonText = { ok: true; value: unknown } | { ok: false; where: string };

/** JSON.parse with the place of the error in words of our own. */
export const readJson = (text: string): JsonText => {
  if (text.trim() === '') return { ok: false, where: 'it is empty' };
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch (error) {
    const said = error instanceof Error ? error.message : '';
    const position = /at position (\d+)/.exec(said)?.[1];
    if (position !== undefined) return { ok: false, where: `the error is at character ${position}` };
    return { ok: false, where: /end of JSON/.test(said) ? 'it ends too early' : 'it cannot be parsed' };
  }
};
