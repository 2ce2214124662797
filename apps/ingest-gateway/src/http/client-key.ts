import { isIPv4, isIPv6 } from 'node:net';

/**
 * Whose bucket a request takes from: the API key's, else the client address'. An IPv6 client owns its whole
 * /64, so that is the unit; an IPv4-mapped address is the IPv4 one.
 */
export function clientKey(apiKeyName: string | undefined, address: string | undefined): string {
  return apiKeyName === undefined ? `ip:${addressUnit(address)}` : `key:${apiKeyName}`;
}

function addressUnit(address: string | undefined): string {
  const host = withoutPort(address ?? '');
  if (isIPv4(host)) return host;
  const withoutZone = host.split('%', 1)[0] ?? '';
  if (!isIPv6(withoutZone)) return 'unknown';
  const groups = ipv6Groups(withoutZone);
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped) return ipv4Of(groups[6] ?? 0, groups[7] ?? 0);
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** Some proxies append the port: `1.2.3.4:5678`, `[2001:db8::1]:5678`. */
function withoutPort(address: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(address);
  if (bracketed?.[1]) return bracketed[1];
  const dotted = /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(address);
  return dotted?.[1] ?? address;
}

/** The eight 16-bit groups of a valid IPv6 address. */
function ipv6Groups(address: string): number[] {
  const [head = '', tail] = address.split('::', 2);
  const before = groupsOf(head);
  if (tail === undefined) return before;
  const after = groupsOf(tail);
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

function ipv4Of(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
