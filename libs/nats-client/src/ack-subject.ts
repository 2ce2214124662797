/** What the reply subject of a delivered message tells. */
export interface DeliveryInfo {
  streamSequence: number;
  deliveryCount: number;
  /** When the server stored it, ns since 1970, as text: it does not fit a number. */
  storedAtNanos: string;
}

/**
 * `$JS.ACK.<stream>.<consumer>.<delivered>.<sseq>.<dseq>.<time>.<pending>`, since 2.8 with domain and account hash
 * after ACK and a random token at the end (ADR-15). Undefined for anything else, such as a status message.
 */
export function parseAckSubject(subject: string | undefined): DeliveryInfo | undefined {
  if (!subject?.startsWith('$JS.ACK.')) return undefined;
  const tokens = subject.split('.');
  const first = tokens.length === 9 ? 4 : 6;
  const [delivered, streamSequence, , storedAtNanos] = tokens.slice(first);
  if (
    tokens.length < 9 ||
    delivered === undefined ||
    streamSequence === undefined ||
    storedAtNanos === undefined
  ) {
    return undefined;
  }
  const info = { streamSequence: Number(streamSequence), deliveryCount: Number(delivered), storedAtNanos };
  return Number.isSafeInteger(info.streamSequence) && Number.isSafeInteger(info.deliveryCount)
    ? info
    : undefined;
}
