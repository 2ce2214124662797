import { databaseUrl } from './database-url.js';

describe('databaseUrl', () => {
  it('is DATABASE_URL where there is one', () => {
    expect(databaseUrl({ DATABASE_URL: 'postgres://a@b/c', POSTGRES_HOST: 'x' })).toBe('postgres://a@b/c');
  });

  it('is put together of the parts, or their defaults', () => {
    expect(databaseUrl({})).toBe('postgres://postgres:postgres@localhost:5432/event_analytics');
    expect(databaseUrl({ DATABASE_URL: '', POSTGRES_PORT: 5433, POSTGRES_DB: 'e', POSTGRES_USER: 'u' })).toBe(
      'postgres://u:postgres@localhost:5433/e',
    );
  });

  it('keeps what has a meaning in URLs', () => {
    const url = new URL(
      databaseUrl({ POSTGRES_PASSWORD: 'p@ss/w:rd?#%', POSTGRES_USER: 'a b', POSTGRES_HOST: '::1' }),
    );
    expect(decodeURIComponent(url.password)).toBe('p@ss/w:rd?#%');
    expect(decodeURIComponent(url.username)).toBe('a b');
    expect(url.hostname).toBe('[::1]');
  });
});
