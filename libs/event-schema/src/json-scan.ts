/** Called at the end of every value; `path` is live (copy what is kept), `end` is exclusive. */
export type OnJsonValue = (path: readonly (string | number)[], start: number, end: number) => void;

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const isBlankOrColon = (code: number) =>
  code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09 || code === 0x3a;

const endOfString = (text: string, start: number): number => {
  let quote = text.indexOf('"', start + 1);
  while (quote !== -1) {
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
    quote = text.indexOf('"', quote + 1);
  }
  return text.length;
};

const SCALAR = /[^\s,\]}]*/y;

const endOfScalar = (text: string, start: number): number => {
  SCALAR.lastIndex = start;
  SCALAR.test(text);
  return Math.max(SCALAR.lastIndex, start + 1);
};

const decodeKey = (text: string, start: number, end: number): string => {
  const raw = text.slice(start + 1, end - 1);
  return raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw;
};

/**
 * Walks JSON text that JSON.parse has taken, without recursion, and reports where each value lies.
 * Only `maxDepth` levels of containers are tracked, which bounds memory: what lies in deeper ones,
 * and those themselves, is passed over.
 */
export const scanJson = (text: string, maxDepth: number, onValue: OnJsonValue): void => {
  // One entry for each open container that is tracked: the key or index of its present child.
  const path: (string | number)[] = [];
  const starts: number[] = [];
  let depth = 0;
  let atKey = false;
  let at = 0;

  while (at < text.length) {
    const code = text.charCodeAt(at);
    const tracked = depth <= maxDepth;
    if (isBlankOrColon(code)) at += 1;
    else if (code === COMMA) {
      if (tracked) {
        const child = path[depth - 1];
        if (typeof child === 'number') path[depth - 1] = child + 1;
        else atKey = true;
      }
      at += 1;
    } else if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      if (depth < maxDepth) {
        path.push(code === OPEN_ARRAY ? 0 : '');
        starts.push(at);
        atKey = code === OPEN_OBJECT;
      }
      depth += 1;
      at += 1;
    } else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) {
      depth -= 1;
      at += 1;
      // An empty object was still waiting for its first key.
      atKey = false;
      if (depth < maxDepth) {
        path.pop();
        onValue(path, starts.pop() ?? 0, at);
      }
    } else {
      const end = code === QUOTE ? endOfString(text, at) : endOfScalar(text, at);
      if (tracked && atKey) {
        path[depth - 1] = decodeKey(text, at, end);
        atKey = false;
      } else if (tracked) onValue(path, at, end);
      at = end;
    }
  }
};
