/** Bytes of a UUID. */
const ID_BYTES = 16;

const ID_TEXT_LENGTH = 36;
const DASH = 0x2d;

// '0'–'9' lie below 'a'–'f', and everything that is no hex digit of a lower-case UUID is 255.
const NIBBLES = new Uint8Array(128).fill(255);
[...'0123456789abcdef'].forEach((digit, value) => (NIBBLES[digit.charCodeAt(0)] = value));

/**
 * UUIDs as 16 bytes each, one behind the other: the whole of them is one argument of a script. Throws a RangeError
 * for what is no lower-case UUID, since two ids must never become the same bytes.
 */
export function packIds(lists: readonly (readonly string[])[]): Buffer {
  let count = 0;
  for (const ids of lists) count += ids.length;
  const packed = Buffer.allocUnsafe(count * ID_BYTES);
  let to = 0;
  for (const ids of lists) {
    for (const id of ids) {
      packId(id, packed, to);
      to += ID_BYTES;
    }
  }
  return packed;
}

function packId(id: string, into: Buffer, start: number): void {
  let bad = id.length === ID_TEXT_LENGTH ? 0 : 255;
  let to = start;
  for (let at = 0; at < ID_TEXT_LENGTH; at += 2) {
    if (at === 8 || at === 13 || at === 18 || at === 23) {
      if (id.charCodeAt(at) !== DASH) bad = 255;
      at += 1;
    }
    const high = NIBBLES[id.charCodeAt(at)] ?? 255;
    const low = NIBBLES[id.charCodeAt(at + 1)] ?? 255;
    bad |= high | low;
    into[to] = ((high << 4) | low) & 255;
    to += 1;
  }
  if (bad > 15) throw new RangeError(`no lower-case UUID: ${JSON.stringify(id.slice(0, ID_TEXT_LENGTH))}`);
}
