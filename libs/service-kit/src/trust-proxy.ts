import { isIP } from 'node:net';
import { z } from 'zod';

const MAX_HOPS = 100;
const NAMED_RANGES = new Set(['loopback', 'linklocal', 'uniquelocal']);

/** As Express takes it; what Express would refuse only when the application is made is refused here. */
export const trustProxy = z
  .string()
  .refine(
    (text) => (/^\d+$/.test(text) ? Number(text) <= MAX_HOPS : text.split(',').every(isTrusted)),
    `must be how many proxies stand in front (0 to ${MAX_HOPS}), or their addresses between commas: 10.0.0.0/8, ::1, loopback, linklocal, uniquelocal`,
  )
  .transform((text): number | string => (/^\d+$/.test(text) ? Number(text) : text));

function isTrusted(item: string): boolean {
  const text = item.trim();
  if (NAMED_RANGES.has(text)) return true;
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || address.includes('%') || rest.length > 0) return false;
  if (prefix === undefined) return true;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) >= 1 && Number(prefix) <= (family === 4 ? 32 : 128);
}
