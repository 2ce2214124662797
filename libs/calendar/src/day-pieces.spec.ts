import { dayPieces, localDateAt, type DayPiece } from './day-pieces.js';

const HOUR_MS = 3_600_000;

/** What Intl writes for an instant: the only judge of these tests. */
function intlDate(zone: string) {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  return (ms: number) => format.format(ms);
}

function describePieces(pieces: DayPiece[]) {
  return pieces.map(
    (p) => `${p.date} ${new Date(p.startMs).toISOString()} ${new Date(p.endMs).toISOString()}`,
  );
}

/** Every boundary is exact to the millisecond, and inside of a piece the date stays the same. */
function expectExact(zone: string, from: string, to: string, probesPerPiece = 4) {
  const date = intlDate(zone);
  const pieces = dayPieces(zone, from, to);
  const wrong: string[] = [];
  let previous: DayPiece | undefined;
  for (const piece of pieces) {
    const { startMs, endMs } = piece;
    const inside = [startMs, (startMs + endMs) / 2, endMs - 1];
    for (let i = 1; i <= probesPerPiece; i++)
      inside.push(startMs + ((endMs - startMs) * i) / (probesPerPiece + 1));
    for (const ms of inside)
      if (date(ms) !== piece.date) wrong.push(`${zone} ${piece.date} not at ${ms}: ${date(ms)}`);
    for (const ms of [startMs - 1, endMs]) {
      if (date(ms) === piece.date) wrong.push(`${zone} ${piece.date} is wider than its piece, at ${ms}`);
    }
    if (previous !== undefined && startMs < previous.endMs) wrong.push(`${zone} ${piece.date} overlaps`);
    // A gap inside of the range is only right where another date shows.
    for (let ms = previous?.endMs ?? startMs; ms < startMs; ms += 1000) {
      if (date(ms) >= from && date(ms) <= to) wrong.push(`${zone} nothing for ${date(ms)} at ${ms}`);
    }
    previous = piece;
  }
  expect(wrong).toEqual([]);
  return pieces;
}

describe('dayPieces', () => {
  it('is one piece a day in UTC', () => {
    expect(dayPieces('UTC', '2024-02-28', '2024-03-01')).toEqual(
      ['2024-02-28', '2024-02-29', '2024-03-01'].map((date) => ({
        date,
        startMs: Date.parse(date),
        endMs: Date.parse(date) + 24 * HOUR_MS,
      })),
    );
    expect(dayPieces('UTC', '2024-02-28', '2024-02-27')).toEqual([]);
  });

  it('has days of 23, 25, 23.5 and 24.5 hours', () => {
    const hours = (zone: string, date: string) =>
      dayPieces(zone, date, date).map((p) => (p.endMs - p.startMs) / HOUR_MS);
    expect(hours('America/New_York', '2024-03-10')).toEqual([23]);
    expect(hours('America/New_York', '2024-11-03')).toEqual([25]);
    expect(hours('Australia/Lord_Howe', '2024-10-06')).toEqual([23.5]);
    expect(hours('Australia/Lord_Howe', '2024-04-07')).toEqual([24.5]);
  });

  it("has two pieces of a day where St John's goes back from 00:01 to 23:01", () => {
    expect(describePieces(dayPieces('America/St_Johns', '2007-11-03', '2007-11-04'))).toEqual([
      '2007-11-03 2007-11-03T02:30:00.000Z 2007-11-04T02:30:00.000Z',
      '2007-11-04 2007-11-04T02:30:00.000Z 2007-11-04T02:31:00.000Z',
      '2007-11-03 2007-11-04T02:31:00.000Z 2007-11-04T03:30:00.000Z',
      '2007-11-04 2007-11-04T03:30:00.000Z 2007-11-05T03:30:00.000Z',
    ]);
    expect(dayPieces('America/St_Johns', '2007-11-03', '2007-11-03')).toHaveLength(2);
    expectExact('America/St_Johns', '2006-01-01', '2011-12-31');
  });

  it('has no piece of a day that was skipped', () => {
    expect(dayPieces('Pacific/Apia', '2011-12-30', '2011-12-30')).toEqual([]);
    expect(describePieces(dayPieces('Pacific/Apia', '2011-12-29', '2011-12-31'))).toEqual([
      '2011-12-29 2011-12-29T10:00:00.000Z 2011-12-30T10:00:00.000Z',
      '2011-12-31 2011-12-30T10:00:00.000Z 2011-12-31T10:00:00.000Z',
    ]);
  });

  it.each([
    ['Asia/Beirut', '2021-03-28', '2021-03-27T22:00:00.000Z'],
    ['America/Sao_Paulo', '2018-11-04', '2018-11-04T03:00:00.000Z'],
    ['Africa/Cairo', '2024-04-26', '2024-04-25T22:00:00.000Z'],
    ['America/Havana', '2024-03-10', '2024-03-10T05:00:00.000Z'],
  ])('begins a day without midnight at its first instant: %s %s', (zone, date, start) => {
    const pieces = dayPieces(zone, date, date);
    expect(pieces.map((p) => new Date(p.startMs).toISOString())).toEqual([start]);
    expect((pieces[0]!.endMs - pieces[0]!.startMs) / HOUR_MS).toBe(23);
  });

  it('goes back over midnight by hours at Casey, and keeps the seconds of local mean times', () => {
    expect(dayPieces('Antarctica/Casey', '2010-03-04', '2010-03-04')).toHaveLength(2);
    expectExact('Antarctica/Casey', '2009-10-01', '2012-03-01');
    expectExact('Asia/Manila', '1844-12-20', '1845-01-10');
    expectExact('America/Juneau', '1867-10-10', '1867-10-25');
    expectExact('Europe/Amsterdam', '1834-12-25', '1835-01-05');
    expectExact('Africa/Monrovia', '1971-12-25', '1972-01-15');
  });

  it('answers for the first and the last dates there are', () => {
    expect(dayPieces('Asia/Tokyo', '0001-01-01', '0001-01-01')).toHaveLength(1);
    expect(dayPieces('Asia/Tokyo', '9999-12-31', '9999-12-31')).toHaveLength(1);
  });

  it('agrees with Intl in every zone there is', () => {
    const years = [1991, 2007, 2010, 2011, 2024, 2038];
    for (const zone of Intl.supportedValuesOf('timeZone')) {
      const year = years[zone.length % years.length] ?? 2024;
      expectExact(zone, `${year}-01-01`, `${year}-12-31`, 0);
    }
  }, 60_000);
});

describe('localDateAt', () => {
  it('agrees with Intl at random instants of every zone', () => {
    let seed = 1;
    const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    for (const zone of Intl.supportedValuesOf('timeZone')) {
      const date = intlDate(zone);
      for (let i = 0; i < 20; i++) {
        const ms = Math.floor(Date.UTC(1985, 0, 1) + random() * 60 * 365 * 24 * HOUR_MS);
        expect([zone, ms, localDateAt(zone, ms)]).toEqual([zone, ms, date(ms)]);
      }
    }
  });
});
