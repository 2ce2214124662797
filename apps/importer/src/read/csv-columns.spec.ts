import { HeaderError, readCsvColumns, type CsvColumns } from './csv-columns.js';
import type { ReadSettings } from './read-settings.js';

type Settings = Parameters<typeof readCsvColumns>[1];

const PLAIN: Settings = {
  columns: {},
  extraColumns: 'refuse',
  defaultEventType: undefined,
  eventIdFrom: undefined,
};
const ALL = ['event_id', 'occurred_at', 'user_id', 'event_type', 'properties_json'];

const read = (names: readonly string[], settings: Partial<ReadSettings> = {}): CsvColumns =>
  readCsvColumns(names, { ...PLAIN, ...settings });

describe('readCsvColumns', () => {
  it('finds the columns in any order', () => {
    expect(read(['properties_json', 'escaped', 'user_id', 'event_id', 'event_type', 'occurred_at'])).toEqual({
      names: ['properties_json', 'escaped', 'user_id', 'event_id', 'event_type', 'occurred_at'],
      at: { properties: 0, user_id: 2, event_id: 3, event_type: 4, occurred_at: 5 },
      escapedAt: 1,
      extra: [],
    });
  });

  it.each<[string[], string]>([
    [ALL.slice(0, 4), 'missing: "properties_json"'],
    [['Event_id', ...ALL.slice(1)], 'unknown: "Event_id"'],
    [[...ALL, 'user_id'], 'more than once: "user_id"'],
    [[...ALL, 'escaped', 'escaped'], 'more than once: "escaped"'],
    [[ALL.join(';')], 'separated by ";"'],
    [[ALL.join('\t')], 'separated by "\\t"'],
  ])('names what is wrong with %j', (names, fault) => {
    expect(() => read(names)).toThrow(HeaderError);
    expect(() => read(names)).toThrow(fault);
  });

  it('leaves others alone when it is told to, but not a field that is missing', () => {
    const names = [...ALL, 'x', 'x'];
    expect(read(names, { extraColumns: 'ignore' }).extra).toEqual([]);
    expect(() => read(names.slice(1), { extraColumns: 'ignore' })).toThrow('missing: "event_id"');
    expect(() => read(names, { extraColumns: 'properties' })).toThrow('more than once: "x"');
    expect(read(names.slice(0, 6), { extraColumns: 'properties' }).extra).toEqual([{ name: 'x', at: 5 }]);
  });

  it('needs no column for what comes from elsewhere, but one that was named', () => {
    const names = ['occurred_at', 'user_id'];
    const settings = {
      eventIdFrom: ['user_id'],
      defaultEventType: 'view',
      columns: { properties: '' },
    } as const;
    expect(read(names, settings).at).toEqual({ occurred_at: 0, user_id: 1 });
    expect(() => read(names, { ...settings, columns: { properties: '', event_type: 'what' } })).toThrow(
      'missing: "what"',
    );
    // Those that are not fields are the properties.
    expect(read([...names, 'plan'], { ...settings, columns: {}, extraColumns: 'properties' }).extra).toEqual([
      { name: 'plan', at: 2 },
    ]);
    expect(() => read([...names, 'event_id'], settings)).toThrow('unknown: "event_id"');
  });

  it('may take two fields from one column', () => {
    const columns = { event_id: 'id', user_id: 'id' };
    const { at } = read(['id', 'occurred_at', 'event_type', 'properties_json'], { columns });
    expect(at).toMatchObject({ event_id: 0, user_id: 0 });
  });

  it('keeps its message short whatever the file is', () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `${'x'.repeat(1_000)}${i}`);
    let message = '';
    try {
      read(names);
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain('and 9990 more');
    expect(message.length).toBeLessThan(1_500);
  });
});
