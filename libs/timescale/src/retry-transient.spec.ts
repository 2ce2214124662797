import postgres from 'postgres';
import { retryTransient } from './retry-transient.js';

const failure = (code: string) =>
  Object.assign(Object.create(postgres.PostgresError.prototype) as Error, { code });

describe('retryTransient', () => {
  it.each(['40001', '40P01', '55P03'])('does it again after %s', async (code) => {
    let tries = 0;
    await expect(
      retryTransient(() => (++tries < 3 ? Promise.reject(failure(code)) : Promise.resolve('done'))),
    ).resolves.toBe('done');
  });

  it('gives up in the end, and at once for anything else', async () => {
    let tries = 0;
    const fail = (error: Error) => () => (tries++, Promise.reject(error));
    await expect(retryTransient(fail(failure('40P01')))).rejects.toMatchObject({ code: '40P01' });
    expect(tries).toBe(5);
    await expect(retryTransient(fail(failure('23514')))).rejects.toMatchObject({ code: '23514' });
    await expect(retryTransient(fail(new Error('network')))).rejects.toThrow('network');
    expect(tries).toBe(7);
  });
});
