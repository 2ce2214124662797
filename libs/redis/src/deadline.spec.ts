import { withDeadline } from './deadline.js';

describe('withDeadline', () => {
  it('passes on what settles in time', async () => {
    await expect(withDeadline(Promise.resolve(7), 50)).resolves.toBe(7);
    await expect(withDeadline(Promise.reject(new Error('no')), 50)).rejects.toThrow('no');
  });

  it('rejects with the code timeout', async () => {
    const startedMs = performance.now();
    await expect(withDeadline(new Promise(() => undefined), 20)).rejects.toMatchObject({ code: 'timeout' });
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(19);
  });

  it('does not blame the other side for our own lateness', async () => {
    // The reply arrives in the poll phase that follows a busy spell longer than the deadline.
    const reply = new Promise<string>((resolve) => {
      setImmediate(() => resolve('in time'));
    });
    const answer = withDeadline(reply, 5);
    const untilMs = performance.now() + 30;
    while (performance.now() < untilMs);
    await expect(answer).resolves.toBe('in time');
  });
});
