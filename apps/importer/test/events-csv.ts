export const HEADER = 'event_id,occurred_at,user_id,event_type,properties_json\n';

export const idOf = (n: number): string => `0190a000-0000-7000-8000-${String(n).padStart(12, '0')}`;

/** Row n: one of 50 users, a minute after the row before it. */
export function row(n: number): string {
  const occurredAt = new Date(Date.UTC(2024, 2, 4) + n * 60_000).toISOString();
  return `${idOf(n)},${occurredAt},user-${n % 50},page_view,"{""n"":${n}}"\n`;
}

export function rows(from: number, to: number): string {
  let text = '';
  for (let n = from; n < to; n += 1) text += row(n);
  return text;
}
