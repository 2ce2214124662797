import { createZoneNames } from './zone-names.js';

function namesOf(...indexed: string[]) {
  const asked = { times: 0 };
  const names = createZoneNames(() => {
    asked.times += 1;
    return Promise.resolve(indexed);
  });
  return { names, indexed, asked, find: (zone: string, tried = zone) => names.find(zone, tried) };
}

describe('names of zones', () => {
  it.each([
    ['Asia/Calcutta', 'Asia/Kolkata'],
    ['Asia/Kolkata', 'Asia/Calcutta'],
    ['asia/kolkata', 'Asia/Kolkata'],
    ['utc', 'UTC'],
    ['Etc/UTC', 'UTC'],
    ['UTC', 'Etc/UCT'],
    ['US/Pacific', 'America/Los_Angeles'],
  ])('finds that %s is indexed as %s', async (zone, other) => {
    const { names, find } = namesOf('Europe/Paris', other);
    expect(names.known(zone)).toBe(zone);
    expect(await find(zone)).toBe(other);
    expect(names.known(zone)).toBe(other);
  });

  it('takes the name itself before any other', async () => {
    expect(await namesOf('Asia/Calcutta', 'Asia/Kolkata').find('Asia/Kolkata', 'x')).toBe('Asia/Kolkata');
  });

  it('takes no zone for another, also where their clocks agree or the name is not known', async () => {
    const { names, find } = namesOf('Europe/Paris', 'Africa/Abidjan', 'Mars/Olympus');
    for (const zone of ['Europe/Berlin', 'UTC', 'Mars/Phobos']) {
      expect(await find(zone)).toBeUndefined();
      expect(names.known(zone)).toBe(zone);
    }
  });

  it('asks once for a while, and again where the index that was found is not there any more', async () => {
    const { names, indexed, asked, find } = namesOf('Asia/Kolkata');
    await find('Asia/Calcutta');
    await find('Europe/Berlin');
    expect(asked.times).toBe(2);
    expect(await find('Asia/Calcutta')).toBe('Asia/Kolkata');
    expect(await find('Europe/Berlin')).toBeUndefined();
    expect(asked.times).toBe(2);
    indexed[0] = 'Asia/Calcutta';
    expect(await find('Asia/Calcutta', 'Asia/Kolkata')).toBe('Asia/Calcutta');
    expect(names.known('Asia/Calcutta')).toBe('Asia/Calcutta');
    expect(asked.times).toBe(3);
  });
});
