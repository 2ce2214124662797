import type { NatsSession } from '@event-analytics/nats-client';

/** The driver's types, as far as the lib shows them. */
export type NatsConnection = NatsSession['connection'];
export type JetStream = NatsSession['js'];
export type JetStreamManager = NatsSession['jsm'];
export type StreamInfo = Awaited<ReturnType<JetStreamManager['streams']['info']>>;
export type ConsumerInfo = Awaited<ReturnType<JetStreamManager['consumers']['info']>>;
export type ConsumerConfig = ConsumerInfo['config'];
export type StreamConfig = StreamInfo['config'];
export type PubAck = Awaited<ReturnType<JetStream['publish']>>;
export type MessageHeaders = NonNullable<NonNullable<Parameters<JetStream['publish']>[2]>['headers']>;
type SubscriptionOptions = NonNullable<Parameters<NatsConnection['subscribe']>[1]>;
export type MessageCallback = NonNullable<SubscriptionOptions['callback']>;
export type Message = Parameters<MessageCallback>[1];
