import { ReplyError } from 'ioredis';
import type { BreakerState } from '@event-analytics/circuit-breaker';
import { createRedisBreaker } from './breaker.js';

const silence = () => new Promise<never>(() => undefined);

function breakerWith(o: { probe?: () => Promise<unknown>; maxInFlight?: number } = {}) {
  const states: BreakerState[] = [];
  const breaker = createRedisBreaker({
    timeoutMs: 10,
    probeIntervalMs: 10,
    maxInFlight: o.maxInFlight ?? 100,
    probe: o.probe ?? silence,
    onStateChange: (state) => states.push(state),
  });
  open.push(breaker);
  return { breaker, states };
}

const open: { close(): void }[] = [];
afterEach(() => open.splice(0).forEach((breaker) => breaker.close()));

describe('Redis breaker', () => {
  it('opens after one unanswered command and then answers at once', async () => {
    const { breaker } = breakerWith();
    await expect(breaker.run(silence)).rejects.toMatchObject({ code: 'timeout' });
    expect(breaker.state()).toBe('open');
    let called = false;
    const refused = breaker.run(() => {
      called = true;
      return Promise.resolve();
    });
    const waited = new Promise((resolve) => setImmediate(() => resolve('waited')));
    expect(await Promise.race([refused.catch((error: unknown) => error), waited])).toMatchObject({
      code: 'breaker_open',
    });
    expect(called).toBe(false);
  });

  it('stays closed when Redis answers with an error: it is alive', async () => {
    const { breaker } = breakerWith();
    const oom = async () => {
      await Promise.resolve();
      throw new ReplyError('OOM command not allowed');
    };
    await expect(breaker.run(oom)).rejects.toThrow('OOM');
    expect(breaker.state()).toBe('closed');
  });

  it('closes by its own probe, without a client as the test', async () => {
    let alive = false;
    const { breaker, states } = breakerWith({ probe: () => (alive ? Promise.resolve('PONG') : silence()) });
    await breaker.run(silence).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(['open', 'half_open']).toContain(breaker.state());
    alive = true;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(breaker.state()).toBe('closed');
    expect(states[0]).toBe('open');
    expect(states.at(-1)).toBe('closed');
    await expect(breaker.run(() => Promise.resolve('ok'))).resolves.toBe('ok');
  });

  it('bounds the commands under way', async () => {
    const { breaker } = breakerWith({ maxInFlight: 2 });
    const pending = [breaker.run(silence), breaker.run(silence)].map((p) => p.catch(() => undefined));
    await expect(breaker.run(silence)).rejects.toMatchObject({ code: 'overloaded' });
    expect(breaker.state()).toBe('closed');
    await Promise.all(pending);
  });
});
