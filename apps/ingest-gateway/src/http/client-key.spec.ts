import { clientKey } from './client-key.js';

describe('whose bucket a request takes from', () => {
  it.each([
    ['192.0.2.7', 'ip:192.0.2.7'],
    ['192.0.2.7:5678', 'ip:192.0.2.7'],
    ['::ffff:192.0.2.7', 'ip:192.0.2.7'],
    ['::FFFF:c000:207', 'ip:192.0.2.7'],
    ['0:0:0:0:0:ffff:192.0.2.7', 'ip:192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', 'ip:2001:db8:1:2::/64'],
    ['2001:DB8:1:2::9', 'ip:2001:db8:1:2::/64'],
    ['[2001:db8:1:2::9]:443', 'ip:2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::', 'ip:2001:db8:1:2::/64'],
    ['2001:db8:1:3::9', 'ip:2001:db8:1:3::/64'],
    ['fe80::1%eth0', 'ip:fe80:0:0:0::/64'],
    ['::1', 'ip:0:0:0:0::/64'],
    ['::', 'ip:0:0:0:0::/64'],
    ['64:ff9b::192.0.2.7', 'ip:64:ff9b:0:0::/64'],
    ['', 'ip:unknown'],
    ['not an address', 'ip:unknown'],
    ['1.2.3.4, 5.6.7.8', 'ip:unknown'],
    [undefined, 'ip:unknown'],
  ])('%s → %s', (address, key) => {
    expect(clientKey(undefined, address)).toBe(key);
  });

  it('prefers the name of the API key, which no address can equal', () => {
    expect(clientKey('shop', '192.0.2.7')).toBe('key:shop');
    expect(clientKey('192.0.2.7', undefined)).not.toBe(clientKey(undefined, '192.0.2.7'));
  });
});
