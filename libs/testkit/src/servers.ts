export interface TestServers {
  postgresUrl: string;
  redisUrl: string;
  natsUrl: string;
}

/** Where this Jest run's private servers are; works in files of projects with the testkit's global setup. */
export function testServers(): TestServers {
  return {
    postgresUrl: required('EA_TEST_POSTGRES_URL'),
    redisUrl: required('EA_TEST_REDIS_URL'),
    natsUrl: required('EA_TEST_NATS_URL'),
  };
}

function required(name: string): string {
  const url = process.env[name];
  if (!url)
    throw new Error(
      `${name} is not set: is '@event-analytics/testkit/global-setup' this Jest run's globalSetup?`,
    );
  return url;
}
