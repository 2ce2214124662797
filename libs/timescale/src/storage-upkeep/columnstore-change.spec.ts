import type { ColumnstoreProbe } from '../queries/columnstore_probe.js';
import { columnstoreChange } from './columnstore-change.js';

const probe = (o: Partial<ColumnstoreProbe> = {}): ColumnstoreProbe => ({
  license: 'timescale',
  dialect: 'columnstore',
  enabled: false,
  policyDays: undefined,
  ...o,
});

describe('what is to be done about the columnstore', () => {
  it('is nothing under the Apache licence, without the code for it, or under one that is not known', () => {
    for (const o of [{ license: 'apache' }, { dialect: 'none' }, { license: '' }] as const) {
      expect(columnstoreChange(probe(o), 30)).toEqual({ kind: 'not_offered' });
      expect(columnstoreChange(probe(o), 0)).toEqual({ kind: 'not_offered' });
    }
  });

  it.each(['columnstore', 'compression'] as const)(
    'is to set a policy where there is none: %s',
    (dialect) => {
      expect(columnstoreChange(probe({ dialect }), 30)).toEqual({ kind: 'set', days: 30 });
      expect(columnstoreChange(probe({ dialect, enabled: true }), 30)).toEqual({ kind: 'set', days: 30 });
    },
  );

  it('is to change one of other days, and to leave one of these', () => {
    const set = probe({ enabled: true, policyDays: 30 });
    expect(columnstoreChange(set, 7)).toEqual({ kind: 'set', days: 7 });
    expect(columnstoreChange(set, 30)).toEqual({ kind: 'none' });
  });

  it('is to remove it when it was turned off, once', () => {
    expect(columnstoreChange(probe({ enabled: true, policyDays: 30 }), 0)).toEqual({ kind: 'remove' });
    expect(columnstoreChange(probe({ enabled: true }), 0)).toEqual({ kind: 'none' });
  });
});
