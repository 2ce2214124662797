import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
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

  it('keeps the types and not the bodies that they were cut from', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const heapBytes = () => (collect(), process.memoryUsage().heapUsed);
    const label = createEventTypeLabels(100);
    const bodyBytes = 1_000_000;
    const before = heapBytes();
    for (let i = 0; i < 50; i++) {
      const body = Buffer.alloc(bodyBytes, `a long type of number ${i};`).toString();
      label(body.slice(0, body.indexOf(';')));
    }
    expect(heapBytes() - before).toBeLessThan(10 * bodyBytes);
    expect(label('a long type of number 49')).toBe('a long type of number 49');
  });
});
