import { eventTypeOf } from './event-type.js';

describe('eventTypeOf', () => {
  it.each([
    ['feat: one', 'feat'],
    ['Fix(core)!: two', 'fix'],
    ['chore(deps): three', 'chore'],
    ['Revert "feat: one"', 'revert'],
    ['revert: feat: one', 'revert'],
    ['Reverted by nobody', 'commit'],
    ['Fixes #12', 'fix'],
    ['Fixture for the parser', 'commit'],
    ['README: how to run', 'docs'],
    ['Add a thing', 'feat'],
    ['Bump version', 'update'],
    ['featured: not a type', 'commit'],
    ['', 'commit'],
    ['修正', 'commit'],
    ['constructor', 'commit'],
  ])('%j is %s', (subject, type) => {
    expect(eventTypeOf({ parents: ['p'], subject })).toBe(type);
  });

  it('is merge with two parents or more, whatever the subject says', () => {
    expect(eventTypeOf({ parents: ['a', 'b'], subject: 'fix: x' })).toBe('merge');
    expect(eventTypeOf({ parents: [], subject: 'fix: x' })).toBe('fix');
  });
});
