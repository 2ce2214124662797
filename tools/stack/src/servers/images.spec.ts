import { readFileSync } from 'node:fs';
import { imageOf } from './images.js';

const compose = readFileSync(new URL('../../../../docker-compose.yml', import.meta.url), 'utf8');

test.each(['postgres', 'redis', 'nats'] as const)('%s is the image that docker-compose.yml runs', (name) => {
  expect(compose).toContain(`image: \${${name.toUpperCase()}_IMAGE:-${imageOf(name, {})}}`);
});

test('another can be named', () => {
  expect(imageOf('redis', { REDIS_IMAGE: 'valkey/valkey:8' })).toBe('valkey/valkey:8');
});
