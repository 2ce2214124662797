import { headers } from 'nats';
import { WHOLE_MESSAGE } from './dead-letter.js';
import {
  DEAD_LETTER_HEADERS,
  letterIdentity,
  readLetterHeaders,
  writeLetterHeaders,
} from './letter-headers.js';

const letter = {
  payload: new Uint8Array(),
  reason: 'nul_character',
  error: 'words',
  streamSequence: 7,
  streamEpoch: '2024-03-04T00:00:00Z',
  index: WHOLE_MESSAGE,
  attempts: 2,
  receivedAt: '2024-03-04T10:00:00.000Z',
};

test('the story is read back as it was written', () => {
  const { payload: _, ...story } = letter;
  expect(readLetterHeaders(writeLetterHeaders(letter, '2024-03-05T00:00:00Z'))).toEqual(story);
});

test('what is not there, or is no number, is not known', () => {
  const h = headers();
  h.set(DEAD_LETTER_HEADERS.streamSequence, 'seven');
  h.set(DEAD_LETTER_HEADERS.index, '1e3');
  const nothing = {
    reason: 'unknown',
    error: '',
    streamSequence: undefined,
    streamEpoch: undefined,
    index: WHOLE_MESSAGE,
    attempts: undefined,
    receivedAt: undefined,
  };
  expect(readLetterHeaders(h)).toEqual(nothing);
  expect(readLetterHeaders(undefined)).toEqual(nothing);
});

test('a letter is known by where its event came from, if that is known', () => {
  const story = readLetterHeaders(writeLetterHeaders(letter, ''));
  expect(letterIdentity(story)).toBe(letterIdentity({ ...story, attempts: 9, error: 'others' }));
  for (const other of [{ index: 0 }, { streamSequence: 8 }, { streamEpoch: '2025-03-04T00:00:00Z' }]) {
    expect(letterIdentity({ ...story, ...other })).not.toBe(letterIdentity(story));
  }
  expect(letterIdentity({ ...story, streamEpoch: undefined })).toBeUndefined();
  expect(letterIdentity({ ...story, streamSequence: undefined })).toBeUndefined();
});
