import { startPeer, type Peer } from '../../start-peer.js';

export const startBareExpress = (): Promise<Peer> =>
  startPeer(new URL('./bare-express.ts', import.meta.url), []);

export const startNaive = (how: 'pipelined' | 'awaited', databaseUrl: string): Promise<Peer> =>
  startPeer(new URL('./naive.ts', import.meta.url), [how, databaseUrl]);
