import { DEFAULT_LIMITS } from '@event-analytics/event-schema';
import { CSV } from '../../test/settings.js';
import { readStoredSettings, storedSettings, type ImportSettings } from './import-settings.js';

const { minOccurredAtMs, maxFutureMs } = DEFAULT_LIMITS;

test.each<Partial<ImportSettings['read']>>([
  {},
  {
    format: 'ndjson',
    columns: { user_id: 'who', properties: '' },
    extraColumns: 'ignore',
    timezone: 'Europe/Berlin',
  },
  { eventIdFrom: ['user_id', 'occurred_at'], timestamps: 'epoch-seconds', defaultEventType: 'page_view' },
  { preset: 'amplitude' },
])('settings %j come back from the database as they were', (read) => {
  const settings: ImportSettings = {
    read: { ...CSV, ...read },
    limits: { minOccurredAtMs, maxFutureMs, maxAgeMs: Infinity },
    again: undefined,
  };
  expect(readStoredSettings(JSON.parse(JSON.stringify(storedSettings(settings))))).toEqual(settings);
});

test('settings of another version are refused', () => {
  expect(() => readStoredSettings({ format: 'xml' })).toThrow('format');
});
