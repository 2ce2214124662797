import type { ConnectionOptions } from 'nats';

/**
 * NATS_URL → connection options. `nats://user:password@host:4222`, `nats://token@host`, `tls://host`, several
 * separated by commas. The driver itself ignores what stands before the `@`; credentials must be the same in all.
 */
export function parseServerUrls(
  text: string,
): Pick<ConnectionOptions, 'servers' | 'user' | 'pass' | 'token' | 'tls'> {
  const urls = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => new URL(part.includes('://') ? part : `nats://${part}`));
  if (urls.length === 0) throw new TypeError('NATS_URL names no server');
  const credentials = urls.find((url) => url.username !== '');
  return {
    servers: urls.map((url) => `${url.hostname}:${url.port || '4222'}`),
    ...(credentials && credentials.password === '' && { token: decodeURIComponent(credentials.username) }),
    ...(credentials &&
      credentials.password !== '' && {
        user: decodeURIComponent(credentials.username),
        pass: decodeURIComponent(credentials.password),
      }),
    ...(urls.some((url) => url.protocol === 'tls:') && { tls: {} }),
  };
}
