import { addLedgers, createLedgerBook, ID_SUM_MODULUS, type Acknowledged } from './ledger.js';

const batch = (users: number[], types: number[]) => ({
  users: Uint32Array.from(users),
  types: Uint8Array.from(types),
});

function totalsOf(...acknowledged: Acknowledged[]) {
  const book = createLedgerBook({ users: 10, typeNames: ['view', 'click', 'never'] });
  for (const one of acknowledged) book.acknowledged(one);
  return book.totals();
}

test('events by type with their users, and users by day', () => {
  const first = batch([1, 2, 1], [0, 0, 1]);
  const second = batch([2, 3], [0, 0]);
  expect(
    totalsOf(
      { ...first, which: 'all', day: '2024-03-01', idSum: 5 },
      { ...second, which: 'all', day: '2024-03-01', idSum: 7 },
      { ...second, which: 'all', day: '2024-03-02', idSum: 1 },
    ),
  ).toEqual({
    events: 7,
    idSum: 13,
    types: { view: { count: 6, users: 3 }, click: { count: 1, users: 1 } },
    days: { '2024-03-01': 3, '2024-03-02': 2 },
  });
});

test('a batch that is used again counts each time', () => {
  const one = batch([1, 2], [0, 1]);
  const acknowledged: Acknowledged = { ...one, which: 'all', day: '2024-03-01', idSum: 1 };
  expect(totalsOf(acknowledged, acknowledged, acknowledged).types).toEqual({
    view: { count: 3, users: 1 },
    click: { count: 3, users: 1 },
  });
});

test('of a batch that was half new, the events at even places count', () => {
  const one = batch([1, 2, 3], [0, 1, 0]);
  const day = '2024-03-01';
  expect(
    totalsOf({ ...one, which: 'all', day, idSum: 0 }, { ...one, which: 'even', day: '2024-03-02', idSum: 0 }),
  ).toEqual({
    events: 5,
    idSum: 0,
    types: { view: { count: 4, users: 2 }, click: { count: 1, users: 1 } },
    days: { [day]: 3, '2024-03-02': 2 },
  });
});

test('sums of ids stay exact', () => {
  const one: Acknowledged = {
    ...batch([1], [0]),
    which: 'all',
    day: '2024-03-01',
    idSum: ID_SUM_MODULUS - 1,
  };
  expect(totalsOf(one, one).idSum).toBe(ID_SUM_MODULUS - 2);
});

test('two ledgers of different types and users are one', () => {
  const own = totalsOf({ ...batch([1], [0]), which: 'all', day: '2024-03-01', idSum: 1 });
  const other = { events: 2, idSum: 2, types: { probe: { count: 2, users: 1 } }, days: { '2024-03-01': 1 } };
  expect(addLedgers(own, other)).toEqual({
    events: 3,
    idSum: 3,
    types: { view: { count: 1, users: 1 }, probe: { count: 2, users: 1 } },
    days: { '2024-03-01': 2 },
  });
});
