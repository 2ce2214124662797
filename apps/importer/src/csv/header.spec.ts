import { HeaderError, readHeader } from './header.js';

describe('readHeader', () => {
  it('finds the columns in any order', () => {
    const columns = readHeader(['properties_json', 'user_id', 'event_id', 'event_type', 'occurred_at']);
    expect(columns.count).toBe(5);
    expect(columns.toCsvFields(['{}', 'u', 'id', 'type', 'when'])).toEqual({
      event_id: 'id',
      occurred_at: 'when',
      user_id: 'u',
      event_type: 'type',
      properties_json: '{}',
    });
  });

  it.each([
    [['event_id', 'occurred_at', 'user_id', 'event_type'], 'missing: "properties_json"'],
    [['Event_id', 'occurred_at', 'user_id', 'event_type', 'properties_json'], 'unknown: "Event_id"'],
    [
      ['event_id', 'occurred_at', 'user_id', 'event_type', 'properties_json', 'user_id'],
      'more than once: "user_id"',
    ],
    [['event_id;occurred_at;user_id;event_type;properties_json'], 'missing: "event_id", "occurred_at"'],
  ])('names what is wrong with %j', (names, fault) => {
    expect(() => readHeader(names)).toThrow(HeaderError);
    expect(() => readHeader(names)).toThrow(fault);
  });

  it('keeps its message short whatever the file is', () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `${'x'.repeat(1_000)}${i}`);
    let message = '';
    try {
      readHeader(names);
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain('and 9990 more');
    expect(message.length).toBeLessThan(1_500);
  });
});
