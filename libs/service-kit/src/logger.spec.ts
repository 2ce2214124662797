import { Writable } from 'node:stream';
import { createLogger, type LogLevel } from './logger.js';

interface LogLine extends Record<string, unknown> {
  error?: { stack: string; errors: unknown[] };
}

function logged(level: LogLevel = 'info') {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const log = createLogger({ service: 'tested', level, stream });
  const only = () => {
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^[^\n]+\n$/);
    return JSON.parse(lines[0] ?? '') as LogLine;
  };
  return { log, lines, only };
}

describe('a log line', () => {
  test('is one JSON object: event, timestamp, level, service, then the context', () => {
    const { log, lines, only } = logged();
    log.info('events_accepted', { accepted: 3, detail: 'two\nlines', big: 10n });
    expect(only()).toMatchObject({ event: 'events_accepted', level: 'info', service: 'tested', accepted: 3 });
    expect(only()).toMatchObject({ detail: 'two\nlines', big: '10' });
    expect(lines[0]).toMatch(
      /^{"event":"events_accepted","timestamp":"\d{4}-[^"]+Z","level":"info","service":"tested","accepted":3/,
    );
  });

  test('below the level is not written', () => {
    const { log, lines } = logged('warn');
    log.info('unheard');
    log.debug('unheard');
    expect(lines).toEqual([]);
  });

  test('keeps its own fields whatever the context calls itself', () => {
    const { log, only } = logged();
    log.info('real', { event: 'false', level: 'error', service: 'other', timestamp: 0, kept: true });
    expect(only()).toMatchObject({ event: 'real', level: 'info', service: 'tested', kept: true });
    expect(only()['timestamp']).toMatch(/Z$/);
  });

  test('is written without its context where that is no JSON, and nothing is thrown', () => {
    const { log, only } = logged();
    const circle: Record<string, unknown> = {};
    circle['itself'] = circle;
    log.error('turned', { circle });
    expect(only()).toMatchObject({ event: 'turned', level: 'error' });
  });

  test('has the message, code, stack and causes of an error', () => {
    const { log, only } = logged();
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    log.error('failed', { error: new Error('no database', { cause }) });
    expect(only().error).toMatchObject({
      name: 'Error',
      message: 'no database',
      cause: { message: 'refused', code: 'ECONNREFUSED' },
    });
    expect(only().error?.stack).toContain('logger.spec');
  });

  test('has each reason of a connection that failed at several addresses', () => {
    const { log, only } = logged();
    const reasons = ['::1', '127.0.0.1'].map((address) => new Error(`connect ECONNREFUSED ${address}`));
    log.error('failed', { error: new AggregateError(reasons, '') });
    expect(only().error?.errors).toMatchObject([
      { message: 'connect ECONNREFUSED ::1' },
      { message: 'connect ECONNREFUSED 127.0.0.1' },
    ]);
  });

  test('follows causes that lead back to themselves only so far', () => {
    const { log, only } = logged();
    const error = new Error('again');
    error.cause = error;
    log.error('failed', { error });
    expect(JSON.stringify(only()).match(/"message":"again"/g)).toHaveLength(6);
  });

  test.each([
    ['postgres://user:hunter2@db:5432/events', 'postgres://***@db:5432/events'],
    ['redis://:hunter2@cache', 'redis://***@cache'],
    ['nats://hunter2@stream, nats://u:hun@ter2@b', 'nats://***@stream, nats://***@b'],
  ])('never has the credentials of %s', (address, shown) => {
    const { log, lines, only } = logged();
    log.error('failed', { address, error: new Error(`cannot reach ${address}`) });
    expect(lines[0]).not.toMatch(/hunter2|hun@ter2/);
    expect(only()).toMatchObject({ address: shown, error: { message: `cannot reach ${shown}` } });
  });

  test('keeps addresses without credentials', () => {
    const { log, only } = logged();
    log.info('ready', { url: 'http://localhost:8000/docs', mail: 'a@example.org' });
    expect(only()).toMatchObject({ url: 'http://localhost:8000/docs', mail: 'a@example.org' });
  });
});
