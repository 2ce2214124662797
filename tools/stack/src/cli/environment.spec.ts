import type { Servers } from '../servers/types.js';
import { readStackConfig } from './config.js';
import { serviceEnvironment } from './environment.js';

const servers: Servers = {
  mode: 'native',
  postgresUrl: 'postgres://ours',
  redisUrl: 'redis://ours',
  natsUrl: 'nats://ours',
  stop: () => Promise.resolve(),
};

test('services get our servers, the user’s settings, and nothing that is the command line’s own', () => {
  const env = {
    ...{ RATE_LIMIT_REQUESTS: '5', PATH: '/bin', LOG_LEVEL: 'debug' },
    ...{ PORT: '1', HOST: '::', npm_config_x: 'y', NODE_OPTIONS: '--inspect' },
    ...{ POSTGRES_USER: 'me', POSTGRES_PORT: '5555' },
  };
  expect(serviceEnvironment(env, readStackConfig(env), servers)).toEqual({
    ...{ RATE_LIMIT_REQUESTS: '5', PATH: '/bin', LOG_LEVEL: 'debug' },
    ...{ DATABASE_URL: 'postgres://ours', REDIS_URL: 'redis://ours', NATS_URL: 'nats://ours' },
  });
});

test('a server that the environment names is passed on as it was named', () => {
  const env = { POSTGRES_HOST: 'db', POSTGRES_PASSWORD_FILE: '/secret', REDIS_URL_FILE: '/url' };
  const config = readStackConfig(env);
  expect(config.given).toEqual({ postgres: 'POSTGRES_HOST', redis: 'REDIS_URL_FILE' });
  expect(serviceEnvironment(env, config, servers)).toEqual({ ...env, NATS_URL: 'nats://ours' });
});
