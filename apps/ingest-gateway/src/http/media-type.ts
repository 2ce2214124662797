export interface BodyFormat {
  format: 'json' | 'ndjson';
  gzip: boolean;
}

export interface UnsupportedMedia {
  /** What the client can do about it. */
  unsupported: string;
}

const FORMATS = new Map<string, BodyFormat['format']>([
  ['application/json', 'json'],
  ['application/x-ndjson', 'ndjson'],
]);

const JSON_BODY: BodyFormat = { format: 'json', gzip: false };

/** How the body is to be read, after Content-Type and Content-Encoding. */
export function bodyFormat(headers: {
  'content-type'?: string | undefined;
  'content-encoding'?: string | undefined;
}): BodyFormat | UnsupportedMedia {
  if (headers['content-type'] === 'application/json' && headers['content-encoding'] === undefined)
    return JSON_BODY;
  const [type = '', ...parameters] = (headers['content-type'] ?? '').split(';');
  const format = FORMATS.get(type.trim().toLowerCase());
  if (!format) {
    return { unsupported: 'Content-Type must be application/json or application/x-ndjson.' };
  }
  for (const parameter of parameters) {
    const [name = '', value = ''] = parameter.split('=', 2).map((part) => part.trim().toLowerCase());
    if (name === 'charset' && value.replace(/^"(.*)"$/, '$1') !== 'utf-8') {
      return { unsupported: 'The charset must be utf-8.' };
    }
  }
  const encoding = (headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding !== 'identity' && encoding !== 'gzip') {
    return { unsupported: 'Content-Encoding must be gzip or absent.' };
  }
  return { format, gzip: encoding === 'gzip' };
}
