import { BatchError, DEFAULT_LIMITS } from '@event-analytics/event-schema';
import { createReadBatch } from './read-batch.js';

const NOW_MS = Date.parse('2024-03-05T00:00:00Z');
const EVENT = {
  event_id: '00000000-0000-4000-8000-000000000001',
  user_id: 'ada',
  event_type: 'click',
  occurred_at: '2024-03-04T10:00:00.000Z',
  properties: { plan: 'pro' },
};
const TEXT = JSON.stringify(EVENT);
const LINE = [EVENT.event_id, EVENT.occurred_at, 'ada', 'click', '{"plan":"pro"}'].join('\t');

const readBatch = createReadBatch(DEFAULT_LIMITS);
const read = (text: string, format: 'json' | 'ndjson') => readBatch(Buffer.from(text), format, NOW_MS);

describe('reading a batch', () => {
  const written = { event_id: EVENT.event_id, event_type: 'click', line: LINE };

  it('passes on ordinary events as lines, unparsed', () => {
    const wanted = { total: 2, events: [written, written], problems: [] };
    expect(read(`{"events":[${TEXT},${TEXT}]}`, 'json')).toEqual(wanted);
    expect(read(`${TEXT}\n${TEXT}\n`, 'ndjson')).toEqual(wanted);
  });

  it('parses a batch that holds any other, with the same outcome', () => {
    const spaced = JSON.stringify(EVENT, null, 1);
    expect(read(`{"events":[${TEXT},${spaced}]}`, 'json')).toEqual({
      total: 2,
      events: [EVENT, EVENT],
      problems: [],
    });
    expect(read(`${TEXT}\n\n${TEXT}`, 'ndjson')).toEqual({ total: 2, events: [EVENT, EVENT], problems: [] });
  });

  it('lists what is wrong, and keeps the rest', () => {
    const bad = JSON.stringify({ ...EVENT, user_id: '' });
    expect(read(`{"events":[${bad},${TEXT}]}`, 'json')).toMatchObject({
      total: 2,
      events: [EVENT],
      problems: [{ index: 0, code: 'too_short' }],
    });
  });

  it('throws for a body that is wrong as a whole', () => {
    expect(() => read('{"events":[]}', 'json')).toThrow(BatchError);
    expect(() => read(TEXT, 'json')).toThrow(BatchError);
    expect(() => read('', 'ndjson')).toThrow(BatchError);
  });
});
