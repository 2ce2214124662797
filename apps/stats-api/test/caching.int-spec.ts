import { startStatsTest, type StatsTest } from './stats-app.js';

const NOW = Date.parse('2024-03-12T18:00:00Z');
const HOUR_MS = 3_600_000;
const PATHS = [
  '/stats/dau',
  '/stats/active-users?period=week',
  '/stats/top-events',
  '/stats/retention?start_date=2024-03-10&window_type=daily&windows=2',
  '/stats/stickiness',
  '/stats/funnel?steps=view,buy',
  '/stats/event-counts',
];

describe('answers that can be kept and asked for again', () => {
  let stats: StatsTest;
  let nowMs: number;
  beforeEach(async () => {
    nowMs = NOW;
    stats = await startStatsTest({ clock: () => nowMs, indexed: ['UTC'] });
    await stats.store([
      ['a', '2024-03-10T00:00:00Z'],
      ['a', '2024-03-11T00:00:00Z', 'buy'],
      ['b', '2024-03-11T01:00:00Z'],
    ]);
  });
  afterEach(() => stats.close());

  const tagOf = async (path: string): Promise<string> => {
    const { headers } = await stats.get(path).expect(200).expect('Cache-Control', 'no-cache');
    expect(headers['etag']).toMatch(/^W\/"[\w-]{22}"$/);
    return String(headers['etag']);
  };
  const tags = async (paths = PATHS): Promise<string[]> => {
    const found: string[] = [];
    for (const path of paths) found.push(await tagOf(path));
    return found;
  };

  it('says that nothing has changed, with nothing else, until something has', async () => {
    for (const path of PATHS) {
      const tag = await tagOf(path);
      for (const known of [tag, tag.slice(2), `"x", ${tag} , W/"y"`, '*']) {
        const answer = await stats.get(path, { 'If-None-Match': known }).expect(304);
        expect(answer.text).toBe('');
        expect(answer.headers).toMatchObject({ etag: tag, 'cache-control': 'no-cache' });
        expect(answer.headers['content-type']).toBeUndefined();
      }
      await stats.get(path, { 'If-None-Match': 'W/"x", "y"' }).expect(200);
      await stats.store([[`late of ${path}`, '2024-03-10T05:00:00Z']]);
      if (!path.includes('funnel')) await stats.get(path, { 'If-None-Match': tag }).expect(200);
    }
  });

  it('is not changed by what is of other days, or of types that were not asked for', async () => {
    const paths = [...PATHS, '/stats/dau?event_type=buy'];
    const before = await tags(paths);
    await stats.store([['z', '2024-04-20T00:00:00Z']]);
    expect(await tags(paths)).toEqual(before);
    await stats.store([['z', '2024-03-11T00:00:00Z', 'sell']]);
    expect(await tagOf('/stats/dau?event_type=buy')).toBe(before.at(-1));
    expect(await tagOf('/stats/dau')).not.toBe(before[0]);
  });

  it('is another for another question, and the same for one that only spells out a default', async () => {
    const paths = [
      '/stats/dau',
      '/stats/dau?event_type=view',
      '/stats/dau?from=2024-03-01',
      '/stats/dau?to=2024-03-11',
      '/stats/active-users?period=day',
      '/stats/active-users?period=week',
      '/stats/top-events?limit=2',
      '/stats/top-events?limit=3',
      '/stats/funnel?steps=view,buy',
      '/stats/funnel?steps=buy,view',
      '/stats/event-counts?interval=hour',
      '/stats/event-counts?interval=day',
      '/stats/retention?start_date=2024-03-10&window_type=daily&windows=2',
      '/stats/retention?start_date=2024-03-10&window_type=daily&windows=2&mode=unbounded',
      '/stats/retention?start_date=2024-03-10&window_type=daily&windows=2&born_event=view',
      '/stats/retention?start_date=2024-03-10&window_type=daily&windows=2&return_event=view',
    ];
    const found = await tags(paths);
    expect(new Set(found).size).toBe(paths.length);
    expect(await tagOf('/stats/dau?timezone=UTC&to=2024-03-12')).toBe(found[0]);
    expect(
      await tagOf(
        '/stats/retention?start_date=2024-03-10&window_type=daily&windows=2&cohorts=2&mode=classic',
      ),
    ).toBe(found[12]);
  });

  it('changes with the clock where that changes the answer', async () => {
    const before = await tags();
    nowMs += 5 * HOUR_MS;
    expect(await tags()).toEqual(before);
    // Another day has begun, and with it every default range, and a window of the retention.
    nowMs += HOUR_MS;
    const after = await tags();
    after.forEach((tag, i) => expect([PATHS[i], tag]).not.toEqual([PATHS[i], before[i]]));
    // Not what an answer says of a day that is long over.
    const old = '/stats/dau?from=2024-03-01&to=2024-03-02';
    const tag = await tagOf(old);
    nowMs += 100 * HOUR_MS;
    expect(await tagOf(old)).toBe(tag);
    expect(await tagOf(`${old}&as_of=2024-03-01T12:00:00Z`)).not.toBe(tag);
  });

  it('is the same of every process', async () => {
    const before = await tags();
    const other = await startStatsTest({ clock: () => nowMs, databaseUrl: stats.url });
    try {
      for (const [i, path] of PATHS.entries()) {
        const { headers } = await other.get(path).expect(200);
        expect([path, headers['etag']]).toEqual([path, before[i]]);
      }
    } finally {
      await other.close();
    }
  });

  it('has a tag under every name of the zone, and names it as it was asked for', async () => {
    const indexed = ['Asia/Kolkata', 'UTC'] as const;
    const kolkata = await startStatsTest({ clock: () => nowMs, zones: indexed, indexed });
    try {
      await kolkata.store([
        ['a', '2024-03-10T18:29:00Z'],
        ['b', '2024-03-10T18:31:00Z', 'buy'],
      ]);
      for (const path of PATHS) {
        const answers = async (timezone: string) => {
          const query = `${path.includes('?') ? '&' : '?'}timezone=${timezone}`;
          const { body, headers } = await kolkata.get(path + query).expect(200);
          expect([path, headers['etag']]).toEqual([path, expect.any(String)]);
          expect(body.timezone).toBe(timezone);
          return { ...body, timezone: undefined };
        };
        const expected = await answers('Asia/Kolkata');
        expect(await answers('Asia/Calcutta')).toEqual(expected);
        expect(await answers('asia/kolkata')).toEqual(expected);
        expect(await answers('Etc/UTC')).toEqual(await answers('UTC'));
      }
    } finally {
      await kolkata.close();
    }
  });

  it('has no tag where it was computed from events, nor with an error', async () => {
    const berlin = PATHS.map((path) => `${path}${path.includes('?') ? '&' : '?'}timezone=Europe/Berlin`);
    for (const path of berlin.filter((one) => !one.includes('event-counts'))) {
      const { headers } = await stats.get(path, { 'If-None-Match': '"x"' }).expect(200);
      expect(headers['etag']).toBeUndefined();
      expect(headers['cache-control']).toBe('no-cache');
    }
    const { headers } = await stats.get('/stats/dau?from=x', { 'If-None-Match': '*' }).expect(422);
    expect(headers['etag']).toBeUndefined();
  });
});
