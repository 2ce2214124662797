import express from 'express';
import { trustProxy } from './trust-proxy.js';

describe('TRUST_PROXY', () => {
  test.each<[string, number | string]>([
    ['0', 0],
    ['2', 2],
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['loopback, 10.0.0.0/8,::1, 2001:db8::/32', 'loopback, 10.0.0.0/8,::1, 2001:db8::/32'],
    ['::ffff:10.0.0.1', '::ffff:10.0.0.1'],
  ])('%s is taken, by Express too', (text, value) => {
    expect(trustProxy.parse(text)).toBe(value);
    expect(() => express().set('trust proxy', value)).not.toThrow();
  });

  test.each([
    '-1',
    '101',
    '1.5',
    'true',
    'cafe',
    '1.2.3',
    '999.1.1.1',
    '10.0.0.0/0',
    '10.0.0.0/33',
    '::1/129',
    '10.0.0.0/8/8',
    'fe80::1%eth0',
    '10.0.0.1,',
    'loopback 10.0.0.1',
    'everyone',
  ])('%s is refused before Express sees it', (text) => {
    expect(trustProxy.safeParse(text).success).toBe(false);
  });
});
