import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { ConfigError } from './config.js';
import { HttpProblem } from './problem.js';

const API_SCOPES = ['ingest', 'stats'] as const;
export type ApiScope = (typeof API_SCOPES)[number];

/** Keys by the SHA-256 of their text; none at all: everybody may do everything. */
export type ApiKeys = ReadonlyMap<string, { name: string; scopes: ReadonlySet<ApiScope> }>;

const NAME = /^[A-Za-z0-9_.-]{1,64}$/;
const KEY = /^[\x21-\x39\x3b-\x7e]{8,256}$/;

// Looking a digest up takes the same time however much of the key was right.
const digestOf = (key: string) => createHash('sha256').update(key).digest('hex');

const isScope = (text: string): text is ApiScope => API_SCOPES.some((scope) => scope === text);

/**
 * Reads `name:key:scope+scope,…`; an empty text turns keys off. Names appear in logs and limits, keys
 * never.
 * @throws ConfigError that says which entry, not which key
 */
export function parseApiKeys(text: string): ApiKeys {
  const keys = new Map<string, { name: string; scopes: ReadonlySet<ApiScope> }>();
  const names = new Set<string>();
  const entries = text.split(',').map((entry) => entry.trim());
  for (const [at, entry] of entries.entries()) {
    if (entry === '') continue;
    const wrong = (rule: string) =>
      new ConfigError(`API_KEYS: entry ${at + 1} ${rule} (its value is not shown)`);
    const [name = '', key = '', scopes = '', ...rest] = entry.split(':');
    if (rest.length > 0 || !NAME.test(name))
      throw wrong('must be name:key:scope+scope, the name of letters, digits, _ . -');
    if (!KEY.test(key)) throw wrong('must have a key of 8 to 256 printable characters without a colon');
    const list = scopes.split('+');
    if (!list.every(isScope)) throw wrong(`must have scopes out of ${API_SCOPES.join(', ')}, joined by +`);
    if (names.has(name) || keys.has(digestOf(key))) throw wrong('repeats a name or a key');
    names.add(name);
    keys.set(digestOf(key), { name, scopes: new Set(list) });
  }
  return keys;
}

/**
 * The name of a request's key, undefined where there are no keys at all.
 * @throws HttpProblem where the key is missing, unknown or without the scope
 */
export function checkScope(keys: ApiKeys, scope: ApiScope, headers: IncomingHttpHeaders): string | undefined {
  if (keys.size === 0) return undefined;
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  const given = bearer ?? headers['x-api-key'];
  if (typeof given !== 'string') throw HttpProblem.missingApiKey();
  const found = keys.get(digestOf(given));
  if (found === undefined) throw HttpProblem.invalidApiKey();
  if (!found.scopes.has(scope)) throw HttpProblem.missingScope(scope);
  return found.name;
}
