import { createHash, createHmac } from 'node:crypto';
import { rmSync } from 'node:fs';
import { validate, version } from 'uuid';

import { makeRepository, writeRawCommit, type TestRepository } from '../test/make-repository.js';
import type { CommitEvent } from './commit-event.js';
import { historyEvents } from './history-events.js';
import { GitError } from './read-commits.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

describe('historyEvents', () => {
  let repository: TestRepository;
  beforeEach(() => {
    repository = makeRepository();
  });
  afterEach(() => rmSync(repository.path, { recursive: true, force: true }));

  async function eventsOf(
    o: { ref?: string; salt?: string; undated?: string[] } = {},
  ): Promise<CommitEvent[]> {
    const events: CommitEvent[] = [];
    const { ref = 'HEAD', salt, undated = [] } = o;
    const onUndated = (hash: string): void => void undated.push(hash);
    for await (const event of historyEvents({ repository: repository.path, ref, salt, onUndated })) {
      events.push(event);
    }
    return events;
  }

  it('makes one event of each commit, with the author’s date and the author alone', async () => {
    const hash = repository.commit({ subject: 'feat: "one", two', date: '2024-03-01T00:30:00+02:00' });
    const [event, ...more] = await eventsOf();
    expect(more).toEqual([]);
    expect(event).toEqual({
      event_id: expect.any(String),
      occurred_at: '2024-02-29T22:30:00.000Z',
      user_id: sha256('ann@example.org'),
      event_type: 'feat',
      properties: { commit: hash.slice(0, 12), parents: 0, subject: 'feat: "one", two' },
    });
    expect(validate(event?.event_id)).toBe(true);
    expect(version(event?.event_id ?? '')).toBe(5);
  });

  it('gives the same commit the same event_id every time, and no other the same', async () => {
    for (let i = 0; i < 5; i += 1) repository.commit({ subject: `c${i}`, date: '2024-03-01T00:00:00Z' });
    const once = (await eventsOf()).map((event) => event.event_id);
    expect((await eventsOf()).map((event) => event.event_id)).toEqual(once);
    expect(new Set(once).size).toBe(5);
  });

  it('knows a person by the email, however its letters are cased, and keys it with the salt', async () => {
    repository.commit({ subject: 'a', date: '2024-03-01T00:00:00Z', email: 'Ann@Example.org', name: 'A.' });
    repository.commit({ subject: 'b', date: '2024-03-02T00:00:00Z', email: 'ann@example.ORG', name: 'Ann' });
    repository.commit({ subject: 'c', date: '2024-03-03T00:00:00Z', email: 'bob@example.org', name: 'Ann' });
    expect((await eventsOf()).map((event) => event.user_id)).toEqual([
      sha256('ann@example.org'),
      sha256('ann@example.org'),
      sha256('bob@example.org'),
    ]);
    const keyed = createHmac('sha256', 'pepper').update('bob@example.org').digest('hex').slice(0, 32);
    expect((await eventsOf({ salt: 'pepper' }))[2]?.user_id).toBe(keyed);
  });

  it('tells merges, and reads the ref it is given', async () => {
    repository.commit({ subject: 'a', date: '2024-03-01T00:00:00Z' });
    repository.git(['checkout', '--quiet', '-b', 'side']);
    repository.commit({ subject: 'b', date: '2024-03-02T00:00:00Z' });
    repository.git(['checkout', '--quiet', 'main']);
    repository.commit({ subject: 'c', date: '2024-03-03T00:00:00Z' });
    const person = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.org'];
    repository.git([...person, 'merge', '--quiet', '--no-ff', '-m', 'fix: merge side', 'side']);
    const merge = (await eventsOf()).at(-1);
    expect(merge).toMatchObject({ event_type: 'merge', properties: { parents: 2 } });
    expect(await eventsOf()).toHaveLength(4);
    expect(await eventsOf({ ref: 'side' })).toHaveLength(2);
  });

  it('leaves out and names commits without a date, and spells the odd ones in UTC', async () => {
    repository.commit({ subject: 'a', date: '2024-03-01T00:00:00Z' });
    const oddZone = writeRawCommit(repository, 'A <a@x> 1709251200 +5130', 'odd zone');
    const noDate = writeRawCommit(repository, 'A <a@x>', 'no date');
    const farFuture = writeRawCommit(repository, 'A <a@x> 99999999999999 +0000', 'far future');
    const undated: string[] = [];
    const events = await eventsOf({ undated });
    expect(undated).toEqual([noDate, farFuture]);
    expect(events.map((event) => event.properties.commit)).toContain(oddZone.slice(0, 12));
    expect(events.at(-1)?.occurred_at).toBe('2024-03-01T00:00:00.000Z');
  });

  it('keeps people apart whose names and emails are not UTF-8', async () => {
    repository.commit({ subject: 'a', date: '2024-03-01T00:00:00Z' });
    const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
    writeRawCommit(repository, latin1('J\xf6rg <j\xf6rg@x> 1709251200 +0000'), latin1('gr\xfc\xdfe'));
    writeRawCommit(repository, latin1('J\xe4rg <j\xe4rg@x> 1709251200 +0000'), latin1('x'));
    const events = await eventsOf();
    expect(new Set(events.map((event) => event.user_id)).size).toBe(3);
    expect(events[1]?.properties.subject).toBe('grüße');
  });

  it('falls back on the name where the email is empty', async () => {
    repository.commit({ subject: 'a', date: '2024-03-01T00:00:00Z', email: '', name: 'Ann' });
    expect((await eventsOf())[0]?.user_id).toBe(sha256('Ann'));
  });

  it('cuts long subjects between characters', async () => {
    repository.commit({ subject: '🎈'.repeat(300), date: '2024-03-01T00:00:00Z' });
    expect((await eventsOf())[0]?.properties.subject).toBe('🎈'.repeat(120));
  });

  it('says what git says when there is no such repository or ref', async () => {
    await expect(eventsOf({ ref: 'absent' })).rejects.toThrow(GitError);
    await expect(eventsOf({ ref: '--output=x' })).rejects.toThrow('bad revision');
    await expect(eventsOf()).rejects.toThrow("bad revision 'HEAD'");
  });

  it('stops git when nobody reads on', async () => {
    for (let i = 0; i < 3; i += 1) repository.commit({ subject: `c${i}`, date: '2024-03-01T00:00:00Z' });
    const events = historyEvents({
      repository: repository.path,
      ref: 'HEAD',
      salt: undefined,
      onUndated: () => {},
    });
    await events.next();
    await events.return(undefined);
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });
});
