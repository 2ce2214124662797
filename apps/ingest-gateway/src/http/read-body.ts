import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip, type Gunzip } from 'node:zlib';
import type { InFlightBytes } from './in-flight-bytes.js';

export type BodyErrorCode = 'too_large' | 'no_room' | 'corrupt_gzip' | 'aborted';

export class BodyError extends Error {
  override readonly name = 'BodyError';
  constructor(
    readonly code: BodyErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** The part of an `IncomingMessage` that matters here. */
export interface BodySource extends Readable {
  headers: IncomingHttpHeaders;
}

/** What a gzip of incompressible data may be larger than the data. */
const GZIP_OVERHEAD_BYTES = 64 * 1024;
const GUNZIP_CHUNK_BYTES = 64 * 1024;

/**
 * Reads a request's body, unpacking gzip as it streams in, and stops at the limit: a bomb is never unpacked
 * further. Every byte kept is reserved from `inFlight` before it is kept; the caller releases what
 * `reservation` holds when the request is over, however it ends.
 *
 * Throws BodyError: `too_large`, `no_room` (of `inFlight`), `corrupt_gzip`, `aborted` (the client went away).
 */
export async function readBody(
  request: BodySource,
  o: { gzip: boolean; maxBytes: number; reservation: Reservation },
): Promise<Buffer> {
  // Its events are over: waiting for them would be for ever.
  if (request.destroyed) throw aborted();
  const declared = request.headers['content-length'];
  const declaredBytes = declared === undefined ? 0 : Number(declared);
  const maxWireBytes = o.gzip ? o.maxBytes + GZIP_OVERHEAD_BYTES : o.maxBytes;
  if (declaredBytes > maxWireBytes) throw tooLarge(o.maxBytes);
  if (!o.reservation.growTo(declaredBytes)) throw noRoom();

  return await new Promise<Buffer>((resolve, reject) => {
    const gunzip = o.gzip ? createGunzip({ chunkSize: GUNZIP_CHUNK_BYTES }) : undefined;
    const chunks: Buffer[] = [];
    let wireBytes = 0;
    let bytes = 0;
    let ended = false;
    let settled = false;

    const keep = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > o.maxBytes) return fail(tooLarge(o.maxBytes));
      if (!o.reservation.growTo(bytes)) return fail(noRoom());
      chunks.push(chunk);
    };
    const onData = (chunk: Buffer) => {
      if (!gunzip) return keep(chunk);
      wireBytes += chunk.length;
      if (wireBytes > maxWireBytes) return fail(tooLarge(o.maxBytes));
      if (!gunzip.write(chunk)) request.pause();
    };
    const onEnd = () => {
      ended = true;
      if (!gunzip) return finish();
      // No bytes at all are no gzip, though zlib takes them for an empty one.
      if (wireBytes === 0) return fail(corrupt());
      gunzip.end();
    };
    const onClose = () => {
      // Without an end before it, also where every byte had arrived: Node drops them with the connection.
      if (!ended) fail(aborted());
    };
    const onError = () => fail(aborted());

    request.on('data', onData);
    request.on('end', onEnd);
    request.on('close', onClose);
    request.on('error', onError);
    gunzip?.on('data', keep);
    gunzip?.on('drain', () => request.resume());
    gunzip?.on('end', finish);
    gunzip?.on('error', () => fail(corrupt()));

    function finish() {
      if (settled) return;
      settle();
      resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, bytes));
    }

    function fail(error: BodyError) {
      if (settled) return;
      settle();
      chunks.length = 0;
      // What still comes is read and dropped, else the client never gets to read the answer.
      request.resume();
      reject(error);
    }

    function settle() {
      settled = true;
      request.off('data', onData);
      request.off('end', onEnd);
      request.off('close', onClose);
      discard(gunzip);
    }
  });
}

/** A destroyed stream may still report an error: it keeps a listener, for which nothing is left to do. */
function discard(gunzip: Gunzip | undefined) {
  gunzip?.removeAllListeners();
  gunzip?.on('error', () => undefined);
  gunzip?.destroy();
}

export interface Reservation {
  /** Makes the reservation at least that large; false when there is no room. */
  growTo(bytes: number): boolean;
  release(): void;
}

export function createReservation(inFlight: InFlightBytes): Reservation {
  let held = 0;
  return {
    growTo(bytes) {
      if (bytes <= held) return true;
      if (!inFlight.reserve(bytes - held)) return false;
      held = bytes;
      return true;
    },
    release() {
      inFlight.release(held);
      held = 0;
    },
  };
}

function aborted(): BodyError {
  return new BodyError('aborted', 'The connection ended within the body.');
}

function tooLarge(maxBytes: number): BodyError {
  return new BodyError('too_large', `The body is larger than ${maxBytes} bytes (after decompression).`);
}

function noRoom(): BodyError {
  return new BodyError('no_room', 'Too many bytes are being taken in right now.');
}

function corrupt(): BodyError {
  return new BodyError('corrupt_gzip', 'The body is not a complete, valid gzip stream.');
}
