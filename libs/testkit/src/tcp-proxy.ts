import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Which way the bytes go: `to_server` is what the client says. */
export type Direction = 'to_server' | 'to_client';

/**
 * A cable between a client and a server that can be damaged. Faults hold for connections that are there and for new
 * ones, until `heal`.
 */
export interface TcpProxy {
  readonly port: number;
  /** The server's URL by way of the proxy. */
  readonly url: string;
  /** Connections at present. */
  connections(): number;
  /** Every chunk arrives this much later, in one direction or both. */
  delay(ms: number, direction?: Direction): void;
  /**
   * Nothing passes in this direction (default: both), nobody is told, connections stay open and new ones are taken, as
   * by a network that drops packets. A connection that was in it stays dead for ever, also after `heal`.
   */
  blackHole(direction?: Direction): void;
  /** Nothing passes, but nothing is lost: it arrives after `heal`. */
  hold(): void;
  /** Cuts every connection now; new ones work. */
  cut(): void;
  /** Each connection is cut once so many more bytes went that way; the rest of that chunk is lost. */
  cutAfterBytes(bytes: number, direction: Direction): void;
  /** Cuts the connection on which such a chunk comes, before it is passed on; once, then it is forgotten. Resolves then. */
  cutBefore(direction: Direction, isIt: (chunk: Buffer) => boolean): Promise<void>;
  /** Every connection is cut as soon as it is made. */
  refuse(): void;
  /** Ends the faults. */
  heal(): void;
  close(): Promise<void>;
}

interface Lane {
  direction: Direction;
  from: Socket;
  to: Socket;
  /** Swallowed something: what comes later must not pass as if nothing were missing. */
  dead: boolean;
  passed: number;
  /** Chunks that are late, in order. */
  late: Buffer[];
}

interface Faults {
  delayMs: Record<Direction, number>;
  blackHole: Record<Direction, boolean>;
  hold: boolean;
  refuse: boolean;
  cutAfter?: { bytes: number; direction: Direction };
  cutBefore?: { direction: Direction; isIt: (chunk: Buffer) => boolean; done: () => void };
}

const none = (): Faults => ({
  delayMs: { to_server: 0, to_client: 0 },
  blackHole: { to_server: false, to_client: false },
  hold: false,
  refuse: false,
});

/** Listens on a free port of the loopback address and passes on to the server that the URL names. */
export async function createTcpProxy(serverUrl: string): Promise<TcpProxy> {
  const target = new URL(serverUrl);
  const lanes = new Set<Lane>();
  let faults = none();

  const server = createServer({ noDelay: true }, (client) => {
    if (faults.refuse) {
      client.on('error', () => undefined);
      reset(client);
      return;
    }
    const upstream = connect({ port: Number(target.port), host: target.hostname, noDelay: true });
    for (const lane of [
      { direction: 'to_server' as const, from: client, to: upstream },
      { direction: 'to_client' as const, from: upstream, to: client },
    ]) {
      join({ ...lane, dead: false, passed: 0, late: [] });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = new URL(serverUrl);
  url.hostname = '127.0.0.1';
  url.port = String(port);

  function join(lane: Lane): void {
    const { from, to } = lane;
    lanes.add(lane);
    from.on('data', (chunk: Buffer) => take(lane, chunk));
    to.on('drain', () => flow(lane));
    from.on('error', () => undefined);
    // A network that drops packets drops the news of the end as well; where they are late, the news is.
    from.on('end', () => later(lane, () => to.end()));
    from.on('close', () => {
      lanes.delete(lane);
      later(lane, () => to.destroy());
    });
    flow(lane);
  }

  const silent = ({ dead, direction }: Lane): boolean => dead || faults.blackHole[direction];

  /** Reads on, or not: what nobody reads stays in the sender's buffers, as it does in a real black hole. */
  function flow(lane: Lane): void {
    if (silent(lane)) lane.dead = true;
    if (lane.dead || faults.hold || lane.to.writableNeedDrain) lane.from.pause();
    else lane.from.resume();
  }

  function take(lane: Lane, chunk: Buffer): void {
    if (lane.dead) return;
    const { cutBefore, cutAfter } = faults;
    if (cutBefore?.direction === lane.direction && cutBefore.isIt(chunk)) {
      delete faults.cutBefore;
      cutLane(lane);
      cutBefore.done();
      return;
    }
    if (cutAfter?.direction === lane.direction && lane.passed + chunk.length > cutAfter.bytes) {
      lane.to.write(chunk.subarray(0, Math.max(0, cutAfter.bytes - lane.passed)), () => cutLane(lane));
      lane.dead = true;
      return;
    }
    lane.passed += chunk.length;
    if (faults.delayMs[lane.direction] === 0 && lane.late.length === 0) {
      pass(lane, chunk);
      return;
    }
    lane.late.push(chunk);
    later(lane, () => {
      const next = lane.late.shift();
      if (next) pass(lane, next);
    });
  }

  function later(lane: Lane, act: () => void): void {
    const delayMs = faults.delayMs[lane.direction];
    const unlessSilent = () => silent(lane) || act();
    if (delayMs === 0 && lane.late.length === 0) unlessSilent();
    else setTimeout(unlessSilent, delayMs);
  }

  function pass(lane: Lane, chunk: Buffer): void {
    if (lane.to.destroyed) return;
    lane.to.write(chunk);
    flow(lane);
  }

  function cutLane({ from, to }: Lane): void {
    reset(from);
    reset(to);
  }

  const reflow = (): void => lanes.forEach(flow);
  const cut = (): void => lanes.forEach(cutLane);
  const both: readonly Direction[] = ['to_server', 'to_client'];
  const of = (direction: Direction | undefined): readonly Direction[] => (direction ? [direction] : both);

  return {
    port,
    url: url.href,
    connections: () => lanes.size / 2,
    delay(ms, direction) {
      for (const d of of(direction)) faults.delayMs[d] = ms;
    },
    blackHole(direction) {
      for (const d of of(direction)) faults.blackHole[d] = true;
      reflow();
    },
    hold() {
      faults.hold = true;
      reflow();
    },
    cut,
    cutAfterBytes(bytes, direction) {
      for (const lane of lanes) lane.passed = 0;
      faults.cutAfter = { bytes, direction };
    },
    cutBefore: (direction, isIt) =>
      new Promise((resolve) => (faults.cutBefore = { direction, isIt, done: resolve })),
    refuse() {
      faults.refuse = true;
      cut();
    },
    heal() {
      faults = none();
      reflow();
    },
    async close() {
      for (const { from } of lanes) from.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Node never closes a socket that is reset while its end is on its way, and then does not exit. */
function reset(socket: Socket): void {
  if (socket.connecting || socket.writableEnded || socket.destroyed) socket.destroy();
  else socket.resetAndDestroy();
}
