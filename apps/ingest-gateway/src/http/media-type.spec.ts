import { bodyFormat } from './media-type.js';

const read = (type?: string, encoding?: string) =>
  bodyFormat({ 'content-type': type, 'content-encoding': encoding });

describe('how a body is to be read', () => {
  it.each([
    ['application/json', undefined, { format: 'json', gzip: false }],
    ['Application/JSON; charset=UTF-8', undefined, { format: 'json', gzip: false }],
    ['application/json;charset="utf-8"', 'identity', { format: 'json', gzip: false }],
    ['application/json; profile=x', 'GZIP', { format: 'json', gzip: true }],
    ['application/x-ndjson', 'gzip', { format: 'ndjson', gzip: true }],
  ])('%s, encoding %s', (type, encoding, expected) => {
    expect(read(type, encoding)).toEqual(expected);
  });

  it.each([
    [undefined, undefined],
    ['', undefined],
    ['text/plain', undefined],
    ['application/jsonp', undefined],
    ['application/json, application/json', undefined],
    ['application/json; charset=iso-8859-1', undefined],
    ['application/json; charset=utf-16', undefined],
    ['application/json', 'br'],
    ['application/json', 'deflate'],
    ['application/json', 'gzip, gzip'],
    ['application/json', 'identity, gzip'],
    ['application/json', ''],
  ])('refuses %s, encoding %s', (type, encoding) => {
    expect(read(type, encoding)).toHaveProperty('unsupported');
  });
});
