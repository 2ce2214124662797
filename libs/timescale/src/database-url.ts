export interface DatabaseAddress {
  DATABASE_URL?: string | undefined;
  POSTGRES_HOST?: string | undefined;
  POSTGRES_PORT?: string | number | undefined;
  POSTGRES_DB?: string | undefined;
  POSTGRES_USER?: string | undefined;
  POSTGRES_PASSWORD?: string | undefined;
}

/** DATABASE_URL if there is one, else what the POSTGRES_… parts say; each part has its default. */
export function databaseUrl(address: DatabaseAddress): string {
  if (address.DATABASE_URL) return address.DATABASE_URL;
  const host = address.POSTGRES_HOST || 'localhost';
  const user = encodeURIComponent(address.POSTGRES_USER || 'postgres');
  const password = encodeURIComponent(address.POSTGRES_PASSWORD || 'postgres');
  const database = encodeURIComponent(address.POSTGRES_DB || 'event_analytics');
  const bracketed = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `postgres://${user}:${password}@${bracketed}:${address.POSTGRES_PORT || 5432}/${database}`;
}
