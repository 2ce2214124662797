import { StreamUnavailableError } from '@event-analytics/nats-client';
import { PayloadError } from './replay-messages.js';

/** An operator's words for what NATS, or a payload, would not have. */
export function describeNatsError(error: unknown): string {
  if (error instanceof PayloadError) return error.message;
  if (!(error instanceof StreamUnavailableError)) {
    return `NATS failed: ${error instanceof Error ? error.message : String(error)}`;
  }
  const mayBeThere =
    error.outcome === 'unknown'
      ? ' (the event may be in the stream and the letter stays: replaying it again is safe)'
      : '';
  return `${error.message}${mayBeThere}`;
}

/** Without its credentials. */
export function addressOf(natsUrl: string): string {
  const hosts = natsUrl.split(',').map((part) => {
    const url = part.trim().includes('://') ? part.trim() : `nats://${part.trim()}`;
    return URL.canParse(url) ? new URL(url).host : '';
  });
  return `NATS at ${hosts.filter((host) => host !== '').join(', ')}`;
}
