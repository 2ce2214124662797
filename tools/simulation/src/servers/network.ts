import type { Process } from '../time/virtual-time.js';
import type { World } from '../world.js';

/** A TCP connection: each direction keeps its order, and what is on its way is lost when it breaks. */
export interface Connection {
  readonly client: Process;
  readonly server: Process;
  isOpen(): boolean;
  /** Arrives at the server, if the connection lives until then. */
  toServer(arrive: () => void): void;
  /** Arrives at the client, if the connection lives until then. */
  toClient(arrive: () => void): void;
  /** Breaks it; both sides hear of it a little later, each by its own `onClosed`. */
  cut(): void;
  /** Ends it in order; nothing more arrives, and nobody is told. */
  close(): void;
}

export interface ConnectOptions {
  client: Process;
  server: Process;
  onClientClosed?: () => void;
  onServerClosed?: () => void;
}

const SLOW_MS_MAX = 3_500;

export interface Network {
  connect(o: ConnectOptions): Connection;
  /** Breaks all connections of a process that died. */
  cutAllOf(process: Process): void;
  /** How long one way takes, ms. */
  delayMs(): number;
}

export function createNetwork({ time, random, faults, trace }: World): Network {
  const connections = new Set<Connection>();

  function delayMs(): number {
    if (faults.strikes('slow_way')) return random.fraction() * SLOW_MS_MAX;
    const share = random.fraction();
    return 0.05 + share * share * 2;
  }

  function connect(o: ConnectOptions): Connection {
    let open = true;
    const connection: Connection = {
      client: o.client,
      server: o.server,
      isOpen: () => open && o.server.alive && o.client.alive,
      toServer: way(o.server),
      toClient: way(o.client),
      cut,
      close() {
        open = false;
        connections.delete(connection);
      },
    };
    /** One direction: what is sent later arrives no earlier. */
    function way(to: Process): (arrive: () => void) => void {
      let hasAllAtMs = 0;
      return (arrive) => {
        if (!open) return;
        hasAllAtMs = Math.max(hasAllAtMs, time.nowMs() + delayMs());
        time.at(hasAllAtMs, to, () => {
          if (!open) return;
          if (faults.strikes('connection_cut')) cut();
          else arrive();
        });
      };
    }
    function cut(): void {
      if (!open) return;
      open = false;
      connections.delete(connection);
      trace(() => `the connection of ${o.client.name} to ${o.server.name} breaks`);
      time.after(delayMs(), o.client, () => o.onClientClosed?.());
      time.after(delayMs(), o.server, () => o.onServerClosed?.());
    }
    connections.add(connection);
    return connection;
  }

  return {
    connect,
    cutAllOf(process) {
      for (const connection of [...connections]) {
        if (connection.client === process || connection.server === process) connection.cut();
      }
    },
    delayMs,
  };
}
