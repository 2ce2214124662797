const MAX_QUOTED_CHARACTERS = 64;
const MAX_PATH_CHARACTERS = 256;

/** A key or an index for each level, outermost first. */
export type PathSegments = readonly PropertyKey[];

const PLAIN_KEY = /^[A-Za-z_$][\w$]{0,63}$/;
// Controls, surrogates without their half, and what reorders or hides text in a terminal or a log.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const escapeUnsafe = (text: string): string =>
  text.replace(UNSAFE, (character) =>
    Array.from(
      { length: character.length },
      (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  );

const quoteText = (text: string): string => {
  // Two units a code point at most: a long value is never spread out whole.
  const characters = [...text.slice(0, 2 * MAX_QUOTED_CHARACTERS + 1)];
  const shown = characters.slice(0, MAX_QUOTED_CHARACTERS).join('');
  const quoted = escapeUnsafe(JSON.stringify(shown));
  return characters.length > MAX_QUOTED_CHARACTERS ? `${quoted.slice(0, -1)}…"` : quoted;
};

/** A value of a client's as it may stand in a message: short, on one line, well-formed Unicode. */
export const quoteValue = (value: unknown): string => {
  if (typeof value === 'string') return quoteText(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  return nameType(value);
};

/** "a string", "an array", …: JSON's names for what a value is. */
export const nameType = (value: unknown): string => {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  return `a ${typeof value}`;
};

/** `properties.a[0]["odd key"]`, cut where it grows too long to read. */
export const formatPath = (segments: PathSegments): string => {
  let path = '';
  for (const segment of segments) {
    if (typeof segment === 'number') path += `[${segment}]`;
    else if (PLAIN_KEY.test(String(segment))) path += path === '' ? String(segment) : `.${String(segment)}`;
    else path += `[${quoteText(String(segment))}]`;
    if (path.length > MAX_PATH_CHARACTERS) {
      // A pair cut in two would make the answer itself ill-formed.
      return `${path.slice(0, MAX_PATH_CHARACTERS - 1).replace(/\p{Cs}$/u, '')}…`;
    }
  }
  return path;
};
