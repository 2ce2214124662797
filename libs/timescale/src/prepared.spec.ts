import type { Sql } from './database.js';
import { asking, part, prepared, type Part } from './prepared.js';

interface Asked {
  zone: string;
  first: number;
  last: number;
}

const ZONE = part<Pick<Asked, 'zone'>>`zone = ${({ zone }) => zone}`;
const DAYS = part<Asked>`day BETWEEN ${({ first }) => first} AND ${({ last }) => last}`;

/** What would be sent. */
async function sent<Asked>(statement: Part<Asked>, asked: Asked): Promise<unknown> {
  const sql = { prepared: (...sending: unknown[]) => Promise.resolve([sending]) } as unknown as Sql;
  const [sending] = await prepared<Asked, unknown[]>(statement)(sql, asked);
  return sending;
}

describe('part', () => {
  const asked = { zone: 'UTC', first: 3, last: 5 };

  it('numbers its parameters in their order', async () => {
    expect(await sent(DAYS, asked)).toEqual(['day BETWEEN $1 AND $2', [3, 5]]);
  });

  it('holds other parts, as often as they are named', async () => {
    const whole = part<Asked>`(${ZONE} OR ${DAYS} AND ${ZONE})`;
    expect(await sent(whole, asked)).toEqual([
      '(zone = $1 OR day BETWEEN $2 AND $3 AND zone = $4)',
      ['UTC', 3, 5, 'UTC'],
    ]);
  });

  it('may ask with members of a larger question', async () => {
    interface Both {
      before: Asked;
      after: Asked;
    }
    const before = asking(DAYS, (both: Both) => both.before);
    const after = asking(DAYS, (both: Both) => both.after);
    expect(await sent(part`${before} OR ${after}`, { before: asked, after: { ...asked, last: 9 } })).toEqual([
      'day BETWEEN $1 AND $2 OR day BETWEEN $3 AND $4',
      [3, 5, 3, 9],
    ]);
  });

  it('may be without any parameter', async () => {
    expect(await sent(part`${part``}SELECT ${part`1`}`, undefined)).toEqual(['SELECT 1', []]);
  });
});
