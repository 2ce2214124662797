import { classifyDatabaseError, isDatabaseAway } from './classify-error.js';
import { DatabaseError, StatementTimeoutError } from './errors.js';

const coded = (code: string) => Object.assign(new Error(code), { code });

describe('isDatabaseAway', () => {
  it.each(['CONNECT_TIMEOUT', 'CONNECTION_CLOSED', 'ECONNREFUSED', 'EHOSTUNREACH'])('%s', (code) =>
    expect(isDatabaseAway(coded(code))).toBe(true),
  );
  it.each(['answer_timeout', 'connection_lost'] as const)('%s', (code) =>
    expect(isDatabaseAway(new DatabaseError(code, ''))).toBe(true),
  );
  it.each([
    new StatementTimeoutError(5),
    new DatabaseError('pool_exhausted', ''),
    new Error('a bug'),
    coded('EACCES'),
    undefined,
  ])('not %p', (error) => expect(isDatabaseAway(error)).toBe(false));
});

describe('classifyDatabaseError', () => {
  it.each(['CONNECTION_CLOSED', 'CONNECT_TIMEOUT', 'ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EPIPE'])(
    'a server that is not there is retryable: %s',
    (code) => expect(classifyDatabaseError(coded(code))).toEqual({ kind: 'retryable', name: code }),
  );

  it('looks into the errors of both addresses of a name', () => {
    const both = new AggregateError([coded('ECONNREFUSED'), coded('ECONNREFUSED')]);
    expect(classifyDatabaseError(both)).toEqual({ kind: 'retryable', name: 'ECONNREFUSED' });
  });

  it('knows its own errors', () => {
    expect(classifyDatabaseError(new DatabaseError('answer_timeout', '')).kind).toBe('retryable');
    expect(classifyDatabaseError(new DatabaseError('connection_lost', '')).kind).toBe('retryable');
    expect(classifyDatabaseError(new DatabaseError('migration_edited', '')).kind).toBe('fault');
    expect(classifyDatabaseError(new StatementTimeoutError(5)).sqlState).toBe('57014');
  });

  it.each([new Error('a bug'), coded('UNDEFINED_VALUE'), coded('22P02'), undefined, null, 'text', 7])(
    'never calls poison or passing what it does not know: %p',
    (error) => expect(classifyDatabaseError(error).kind).toBe('fault'),
  );
});
