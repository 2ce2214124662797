import { durabilityProblem, type ServerFacts } from './durability.js';

const server = (name: string, o: Partial<ServerFacts> = {}): ServerFacts => ({
  url: `http://${name}:8222`,
  id: `id of ${name}`,
  name,
  version: '2.12.1',
  jetStream: true,
  syncAlways: true,
  syncInterval: 120e9,
  ...o,
});
const alone = { servers: [server('a')], serverId: 'id of a', holders: [], replicated: false };
const cluster = {
  servers: ['a', 'b', 'c'].map((name) => server(name)),
  serverId: 'id of b',
  holders: ['a', 'b', 'c'],
  replicated: true,
};

test.each([
  ['one that syncs', alone],
  ['one that syncs, the first version that can', { ...alone, servers: [server('a', { version: '2.10.0' })] }],
  ['three that sync', cluster],
  ['three that sync, while they elect a leader', { ...cluster, holders: [undefined, 'b', 'c'] }],
])('%s: nothing is wrong', (_what, o) => expect(durabilityProblem(o)).toBeUndefined());

test.each([
  [
    'syncs now and then',
    { ...alone, servers: [server('a', { syncAlways: false })] },
    /a \(http:\/\/a:8222\) syncs every 120 s.*set sync_interval: always/,
  ],
  ['has no JetStream', { ...alone, servers: [server('a', { jetStream: false })] }, /has no JetStream/],
  ['was not asked', { ...alone, serverId: 'another' }, /the server that is connected \(another\)/],
  [
    'one of three does not',
    { ...cluster, servers: [server('a'), server('b'), server('c', { syncAlways: false })] },
    /c .*syncs every/,
  ],
  ['a copy is elsewhere', { ...cluster, servers: [server('a'), server('b')] }, /of c, which holds a copy/],
  [
    'replicas, and a version that syncs only the stream',
    { ...cluster, servers: [server('a'), server('b'), server('c', { version: '2.10.29' })] },
    /c .*log of a replicated stream: upgrade it to 2\.11\.0/,
  ],
])('%s: said in one line', (_what, o, words) => {
  expect(durabilityProblem(o)).toMatch(words);
  expect(durabilityProblem(o)).not.toMatch(/\n/);
});
