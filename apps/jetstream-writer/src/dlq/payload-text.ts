import { isUtf8 } from 'node:buffer';

const HEX_BYTES_A_LINE = 16;
// Past this depth an indent is no help, and each line of it would be longer than what it shows.
const INDENT_LEVELS_MAX = 40;
const INDENT = '  ';
const JSON_TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;
// A payload may hold what a terminal would obey.
const CONTROL = /[^\P{Cc}\n\t]|[\u2028-\u202e\u2066-\u2069]/gu;

/** A payload for a person: JSON indented, other text as it is, anything else in hex. */
export function showPayload(payload: Uint8Array): { kind: 'json' | 'text' | 'hex'; text: string } {
  const text = payloadText(payload);
  if (text === undefined) return { kind: 'hex', text: hexDump(payload) };
  if (isJson(text)) return { kind: 'json', text: printable(indentJson(text)) };
  return { kind: 'text', text: printable(text) };
}

/** Undefined when it is not UTF-8. */
export function payloadText(payload: Uint8Array): string | undefined {
  return isUtf8(payload) ? Buffer.from(payload).toString() : undefined;
}

/** Control characters and what turns the direction of text as \uXXXX: harmless on a terminal. */
export function printable(text: string): string {
  return text.replace(CONTROL, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Valid JSON with line breaks. Its values stay the texts they are: a number that JavaScript would change is shown as sent. */
export function indentJson(text: string): string {
  const tokens = text.match(JSON_TOKEN) ?? [];
  const lines: string[] = [];
  let line = '';
  let depth = 0;
  const breakLine = (): void => {
    lines.push(line);
    line = INDENT.repeat(Math.min(depth, INDENT_LEVELS_MAX));
  };
  tokens.forEach((token, at) => {
    const previous = tokens[at - 1];
    if (token === '}' || token === ']') {
      depth -= 1;
      if (previous !== '{' && previous !== '[') breakLine();
    } else if (previous === '{' || previous === '[') breakLine();
    line += token;
    if (token === '{' || token === '[') depth += 1;
    else if (token === ',') breakLine();
    else if (token === ':') line += ' ';
  });
  lines.push(line);
  return lines.join('\n');
}

/** Lines of offset, sixteen bytes in hex, and those of them that are printable ASCII. */
function hexDump(payload: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < payload.length; at += HEX_BYTES_A_LINE) {
    const bytes = Buffer.from(payload.subarray(at, at + HEX_BYTES_A_LINE));
    const hex = bytes
      .toString('hex')
      .replace(/../g, '$& ')
      .padEnd(HEX_BYTES_A_LINE * 3);
    const ascii = bytes.toString('latin1').replace(/[^\x20-\x7e]/g, '.');
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex} ${ascii}`);
  }
  return lines.join('\n');
}
