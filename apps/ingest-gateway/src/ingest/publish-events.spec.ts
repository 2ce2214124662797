import { decodeWireMessage, type AcceptedEvent } from '@event-analytics/event-schema';
import { createPublishEvents } from './publish-events.js';

function event(i: number): AcceptedEvent {
  return {
    event_id: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
    user_id: 'u',
    event_type: 't',
    occurred_at: '2024-03-04T10:00:00.000Z',
    properties: { text: 'x'.repeat(10_000) },
  };
}

const clock = () => Date.parse('2024-03-05T00:00:00Z');

describe('publishing events', () => {
  it('splits a batch into messages of a bounded size that together hold every event', async () => {
    const payloads: Uint8Array[] = [];
    const publishEvents = createPublishEvents({
      publish: (payload) => Promise.resolve(void payloads.push(payload)),
      clock,
    });
    await publishEvents(Array.from({ length: 150 }, (_, i) => event(i)));
    expect(payloads.length).toBe(3);
    for (const payload of payloads) expect(payload.byteLength).toBeLessThanOrEqual(512 * 1024);
    const messages = payloads.map((payload) => decodeWireMessage(payload));
    expect(messages.flatMap((message) => message.events.map((e) => e.event))).toHaveLength(150);
    expect(messages[0]?.receivedAt).toBe('2024-03-05T00:00:00.000Z');
  });

  it('waits for every acknowledgement, also after one is refused', async () => {
    let settled = 0;
    let calls = 0;
    const publishEvents = createPublishEvents({
      publish: async () => {
        const refused = calls++ === 0;
        await new Promise((resolve) => setTimeout(resolve, refused ? 1 : 20));
        settled += 1;
        if (refused) throw new Error('stream full');
      },
      clock,
    });
    await expect(publishEvents(Array.from({ length: 150 }, (_, i) => event(i)))).rejects.toThrow(
      'stream full',
    );
    expect(settled).toBe(3);
  });
});
