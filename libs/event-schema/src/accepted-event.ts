/** An event that passed every rule, in the one spelling that is published, stored and compared. */
export interface AcceptedEvent {
  /** UUID in lower case: the idempotency key. */
  event_id: string;
  user_id: string;
  event_type: string;
  /** `YYYY-MM-DDTHH:mm:ss.SSSZ`, truncated to milliseconds. */
  occurred_at: string;
  /** As the client sent it: own keys only, `__proto__` among them if it was sent. */
  properties: Record<string, unknown>;
}
