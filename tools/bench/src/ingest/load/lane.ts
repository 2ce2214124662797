import { connect, type Socket } from 'node:net';

export interface LaneAnswer {
  status: number;
  body: string;
}

/** One kept-alive connection that sends the next request when the last one is answered. */
export interface Lane {
  /** @param request head and body, as they go over the wire. @throws Error when the connection ends before the answer */
  send(request: Buffer): Promise<LaneAnswer>;
  close(): void;
}

const HEAD_END = '\r\n\r\n';
const LENGTH = /\r\ncontent-length: *(\d+)/i;

/**
 * Knows as much of HTTP as these servers' answers need (a status and a Content-Length): a whole client takes
 * several times the CPU, which is the services' as well.
 */
export function openLane(port: number): Lane {
  let socket: Socket | undefined;
  let text = '';
  let waiting: { resolve: (answer: LaneAnswer) => void; reject: (error: Error) => void } | undefined;

  function open(): Socket {
    const opened = connect({ port, host: '127.0.0.1', noDelay: true });
    text = '';
    opened.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const answer = answerIn(text);
      if (answer === undefined) return;
      text = '';
      const { resolve } = waiting ?? {};
      waiting = undefined;
      resolve?.(answer);
    });
    const ended = (why: string) => () => {
      if (socket !== opened) return;
      socket = undefined;
      const { reject } = waiting ?? {};
      waiting = undefined;
      reject?.(new Error(`the connection ${why}`));
    };
    opened.on('error', ended('broke'));
    opened.on('close', ended('was closed'));
    return opened;
  }

  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket ??= open();
        socket.write(request);
      }),
    close() {
      const closing = socket;
      socket = undefined;
      closing?.destroy();
    },
  };
}

/** undefined until all of it is there. @throws Error for an answer without a length */
export function answerIn(text: string): LaneAnswer | undefined {
  const headEnd = text.indexOf(HEAD_END);
  if (headEnd === -1) return undefined;
  const head = text.slice(0, headEnd);
  const length = LENGTH.exec(head)?.[1];
  if (length === undefined) throw new Error(`an answer without Content-Length: ${head.slice(0, 200)}`);
  const body = text.slice(headEnd + HEAD_END.length);
  if (body.length < Number(length)) return undefined;
  return { status: Number(head.slice(9, 12)), body };
}
