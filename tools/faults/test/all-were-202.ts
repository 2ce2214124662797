import { answersOf, type Ledger } from '../src/ledger.js';

/** No answer but 202: events are taken, whatever is away. */
export function allWere202(ledger: Ledger): void {
  expect([...answersOf(ledger).keys()]).toEqual([202]);
}
