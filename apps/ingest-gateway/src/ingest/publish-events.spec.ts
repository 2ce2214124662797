import { setImmediate as turn } from 'node:timers/promises';
import { decodeWireMessage, type AcceptedEvent } from '@event-analytics/event-schema';
import { createPublishEvents } from './publish-events.js';

function event(i: number): AcceptedEvent {
  return {
    event_id: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
    user_id: 'u',
    event_type: 't',
    occurred_at: '2024-03-04T10:00:00.000Z',
    properties: { text: 'x'.repeat(10_100) },
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

/** Messages whose acknowledgement or refusal comes when the test says so. */
function held() {
  const messages: { ids: number[]; bytes: number; acknowledge: () => void; refuse: () => void }[] = [];
  const failures: unknown[] = [];
  const publishEvents = createPublishEvents({
    publish: (payload) =>
      new Promise((resolve, reject) => {
        const ids = decodeWireMessage(payload).events.map((e) => Number(e.event.event_id.slice(-12)));
        const refuse = () => reject(new Error(`refused ${ids.join()}`));
        messages.push({ ids, bytes: payload.byteLength, acknowledge: resolve, refuse });
      }),
    clock,
    onFailure: (error) => failures.push(error),
  });
  const publish = (...ids: number[]) => publishEvents(ids.map(event)).then(() => 'taken', String);
  return { messages, failures, publish, idsOf: () => messages.map(({ ids }) => ids) };
}

describe('requests that arrive together', () => {
  it('share a message, and all of them wait for its acknowledgement', async () => {
    const { messages, publish, idsOf } = held();
    const answers: string[] = [];
    const requests = [publish(1, 2), publish(3)].map(async (answer) => answers.push(await answer));
    await turn();
    expect(idsOf()).toEqual([[1, 2, 3]]);
    expect(answers).toEqual([]);
    messages[0]?.acknowledge();
    await Promise.all(requests);
    expect(answers).toEqual(['taken', 'taken']);
  });

  it('share the next one while one is under way; it goes when that is over', async () => {
    const { messages, publish, idsOf } = held();
    const first = publish(1);
    await turn();
    const later = [publish(2), publish(3)];
    expect(idsOf()).toEqual([[1]]);
    messages[0]?.acknowledge();
    expect(await first).toBe('taken');
    expect(idsOf()).toEqual([[1], [2, 3]]);
    messages[1]?.acknowledge();
    expect(await Promise.all(later)).toEqual(['taken', 'taken']);
  });

  it('wait for one that is under way only for a moment', async () => {
    const { messages, publish, idsOf } = held();
    const never = publish(1);
    await turn();
    const next = publish(2);
    while (messages.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    messages[1]?.acknowledge();
    expect(await next).toBe('taken');
    messages[0]?.refuse();
    expect(await never).toMatch('refused 1');
    expect(idsOf()).toEqual([[1], [2]]);
  });

  it('go at once when the message is large enough, and never past its bound', async () => {
    const { messages, publish, idsOf } = held();
    const large = Array.from({ length: 50 }, (_, i) => 1_000 + i);
    const requests = [...Array.from({ length: 30 }, (_, i) => publish(i)), publish(...large)];
    expect(idsOf().map((ids) => ids.length)).toEqual([13, 13, 4, 50]);
    requests.push(publish(2_000));
    await turn();
    // Others are under way: the last waits for the first of them.
    messages[0]?.acknowledge();
    await requests[0];
    expect(idsOf().map((ids) => ids.length)).toEqual([13, 13, 4, 50, 1]);
    expect(Math.max(...messages.map(({ bytes }) => bytes))).toBeLessThanOrEqual(512 * 1024);
    for (const message of messages) message.acknowledge();
    expect(await Promise.all(requests)).toEqual(requests.map(() => 'taken'));
  });

  it('fail with their message, and nobody else does', async () => {
    const { messages, failures, publish, idsOf } = held();
    const inFirst = [publish(1), publish(2)];
    await turn();
    const inSecond = [publish(3), publish(4)];
    messages[0]?.refuse();
    expect(await Promise.all(inFirst)).toEqual(['Error: refused 1,2', 'Error: refused 1,2']);
    messages[1]?.acknowledge();
    expect(await Promise.all(inSecond)).toEqual(['taken', 'taken']);
    expect(idsOf()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(failures).toHaveLength(1);
  });

  it('fail when any of their own messages does', async () => {
    const { messages, publish } = held();
    const large = publish(...Array.from({ length: 60 }, (_, i) => i));
    const small = publish(100);
    await turn();
    messages[0]?.refuse();
    await turn();
    expect(messages[1]?.ids).toHaveLength(10);
    messages[1]?.acknowledge();
    expect(await small).toBe('taken');
    expect(await large).toMatch('Error: refused');
  });
});
