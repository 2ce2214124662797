import { createEventTypeLabels } from './event-type-labels.js';

describe('labels of event types', () => {
  it('gives the first types their own label and counts the rest as other', () => {
    const label = createEventTypeLabels(2);
    expect(['click', 'view', 'buy', 'click', 'view', 'sell'].map(label)).toEqual([
      'click',
      'view',
      'other',
      'click',
      'view',
      'other',
    ]);
  });

  it('stays bounded whatever clients send', () => {
    const label = createEventTypeLabels(100);
    const labels = new Set(Array.from({ length: 10_000 }, (_, i) => label(`type ${i} "\\\n{}`)));
    expect(labels.size).toBe(101);
  });
});
