import { parseAckSubject } from './ack-subject.js';

test('reads the form of servers before and since 2.8', () => {
  const expected = { streamSequence: 42, deliveryCount: 3, storedAtNanos: '1709546400123456789' };
  expect(parseAckSubject('$JS.ACK.EVENTS.writer.3.42.50.1709546400123456789.7')).toEqual(expected);
  expect(parseAckSubject('$JS.ACK._.hash.EVENTS.writer.3.42.50.1709546400123456789.7.random')).toEqual(
    expected,
  );
});

test.each([[undefined], [''], ['_INBOX.abc'], ['$JS.ACK.EVENTS'], ['$JS.ACK.a.b.x.y.z.t.p']])(
  '%s is none',
  (subject) => {
    expect(parseAckSubject(subject)).toBeUndefined();
  },
);
