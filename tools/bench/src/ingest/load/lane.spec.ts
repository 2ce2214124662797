import { answerIn } from './lane.js';

const answer =
  'HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{"accepted":1}';

test('an answer is there when all of it is', () => {
  for (let length = 0; length < answer.length; length++)
    expect(answerIn(answer.slice(0, length))).toBeUndefined();
  expect(answerIn(answer)).toEqual({ status: 202, body: '{"accepted":1}' });
});

test('one without a length is none that these servers give', () => {
  expect(() => answerIn('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')).toThrow(
    'without Content-Length',
  );
});
