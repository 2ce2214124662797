import { NatsError } from 'nats';
import { toStreamUnavailable } from './publish-errors.js';

const apiError = (errCode: number): NatsError => {
  const error = new NatsError('from the API', '503');
  error.api_error = { code: 503, err_code: errCode, description: 'words' };
  return error;
};

test.each([
  ['no responders', new NatsError('503', '503'), false, 'no_stream', 'refused'],
  ['maximum messages exceeded', apiError(10_077), false, 'stream_full', 'refused'],
  ['insufficient resources', apiError(10_023), false, 'stream_full', 'refused'],
  ['expected stream does not match', apiError(10_060), false, 'no_stream', 'refused'],
  ['any other answer', apiError(10_003), false, 'rejected', 'refused'],
  ['no answer', new NatsError('TIMEOUT', 'TIMEOUT'), false, 'timeout', 'unknown'],
  [
    'no answer, as the connection ended',
    new NatsError('TIMEOUT', 'TIMEOUT'),
    true,
    'disconnected',
    'unknown',
  ],
  ['too large', new NatsError('MAX_PAYLOAD', 'MAX_PAYLOAD_EXCEEDED'), false, 'too_large', 'refused'],
  ['what nobody foresaw', new Error('?'), false, 'rejected', 'unknown'],
])('%s', (_what, error, sessionEnded, code, outcome) => {
  expect(toStreamUnavailable(error, sessionEnded)).toMatchObject({ code, outcome, cause: error });
});
