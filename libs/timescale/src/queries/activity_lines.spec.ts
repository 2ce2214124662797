import { activityRows } from './activity_lines.js';
import type { WritableEvent } from './events_insert.js';

const NOW_MS = Date.parse('2024-03-04T10:00:00.000Z');

const at = (occurred_at: string, user_id: string, event_type = 'view'): WritableEvent => ({
  event_id: 'any',
  occurred_at,
  user_id,
  event_type,
  properties_json: '{}',
});

describe('activityRows', () => {
  it('is a line for each quarter of an hour and type, with the user of each event', () => {
    const bucket = NOW_MS / 900_000;
    const events = [
      at('2024-03-04T10:00:00.000Z', 'A'),
      at('2024-03-04T10:15:00.000Z', 'A'),
      at('2024-03-04T10:14:59.999Z', 'A'),
      at('2024-03-04T10:01:00.000Z', 'B', 'buy'),
      at('2024-03-04T10:00:00.000Z', 'B'),
    ];
    expect(activityRows(events, NOW_MS)).toEqual([
      {
        historical: false,
        events: 5,
        activity: `${bucket}\tview\tA\tA\tB\n${bucket + 1}\tview\tA\n${bucket}\tbuy\tB`,
      },
    ]);
  });

  it('keeps what is older than two days apart', () => {
    const events = [
      at('2024-03-02T10:00:00.000Z', 'at two days'),
      at('2024-03-02T09:59:59.999Z', 'older'),
      at('1969-12-31T23:59:59.999Z', 'oldest'),
    ];
    const bucket = NOW_MS / 900_000 - 192;
    expect(activityRows(events, NOW_MS)).toEqual([
      { historical: true, events: 2, activity: `${bucket - 1}\tview\tolder\n-1\tview\toldest` },
      { historical: false, events: 1, activity: `${bucket}\tview\tat two days` },
    ]);
  });

  it('counts quarters of an hour as the clock does, on any day', () => {
    const instants = Array.from({ length: 500 }, (_, i) => new Date(NOW_MS - i * 9_876_543_210));
    const expected = instants.map((instant, i) => `${Math.floor(instant.getTime() / 900_000)}\tview\tu${i}`);
    const rows = activityRows(
      instants.map((instant, i) => at(instant.toISOString(), `u${i}`)),
      -Infinity,
    );
    expect(rows.map(({ activity }) => activity.split('\n'))).toEqual([expected]);
  });

  it('is nothing for nothing', () => {
    expect(activityRows([], NOW_MS)).toEqual([]);
  });
});
