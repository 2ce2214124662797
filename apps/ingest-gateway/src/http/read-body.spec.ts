import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { createInFlightBytes } from './in-flight-bytes.js';
import { createReservation, readBody, type BodySource } from './read-body.js';

/** A request whose body is these chunks. */
function requestOf(chunks: Buffer[], headers: Record<string, string> = {}): BodySource {
  const stream = new PassThrough();
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  return Object.assign(stream, { headers });
}

function reading(request: BodySource, o: { gzip?: boolean; maxBytes?: number; maxInFlight?: number } = {}) {
  const inFlight = createInFlightBytes(o.maxInFlight ?? 1_000_000);
  const reservation = createReservation(inFlight);
  const body = readBody(request, { gzip: o.gzip ?? false, maxBytes: o.maxBytes ?? 1_000, reservation });
  return { body, inFlight, reservation };
}

describe('reading a body', () => {
  it('returns the bytes and holds exactly their reservation until released', async () => {
    const { body, inFlight, reservation } = reading(requestOf([Buffer.from('ab'), Buffer.from('cde')]));
    expect((await body).toString()).toBe('abcde');
    expect(inFlight.current()).toBe(5);
    reservation.release();
    reservation.release();
    expect(inFlight.current()).toBe(0);
  });

  it('takes exactly the limit and not a byte more', async () => {
    await expect(reading(requestOf([Buffer.alloc(1_000)])).body).resolves.toHaveLength(1_000);
    await expect(reading(requestOf([Buffer.alloc(1_001)])).body).rejects.toMatchObject({ code: 'too_large' });
  });

  it('refuses by Content-Length before it reads', async () => {
    const request = requestOf([], { 'content-length': '1001' });
    await expect(reading(request).body).rejects.toMatchObject({ code: 'too_large' });
  });

  it('refuses by Content-Length when there is no room, before it keeps anything', async () => {
    const { body, inFlight } = reading(requestOf([], { 'content-length': '900' }), { maxInFlight: 899 });
    await expect(body).rejects.toMatchObject({ code: 'no_room' });
    expect(inFlight.current()).toBe(0);
  });

  it('refuses a body of unknown length once there is no room for it', async () => {
    const { body } = reading(requestOf([Buffer.alloc(400), Buffer.alloc(400)]), { maxInFlight: 500 });
    await expect(body).rejects.toMatchObject({ code: 'no_room' });
  });

  it('unpacks gzip, of several members too', async () => {
    const packed = Buffer.concat([gzipSync('one '), gzipSync('two')]);
    const pieces = [packed.subarray(0, 7), packed.subarray(7, 30), packed.subarray(30)];
    const { body, inFlight } = reading(requestOf(pieces), { gzip: true });
    expect((await body).toString()).toBe('one two');
    expect(inFlight.current()).toBe(7);
  });

  it('counts the limit after unpacking', async () => {
    const packed = [gzipSync(Buffer.alloc(1_001))];
    await expect(reading(requestOf(packed), { gzip: true }).body).rejects.toMatchObject({
      code: 'too_large',
    });
  });

  it('bounds the packed bytes as well: members may unpack to nothing', async () => {
    const empty = gzipSync('');
    const request = requestOf(new Array<Buffer>(4_000).fill(empty));
    await expect(reading(request, { gzip: true }).body).rejects.toMatchObject({ code: 'too_large' });
  });

  it.each([
    ['no bytes', []],
    ['cut short', [gzipSync('some text that is cut').subarray(0, -4)]],
    ['not gzip', [Buffer.from('{"events":[]}')]],
    ['damaged', [Buffer.from(gzipSync('some text').map((byte, i) => (i === 12 ? byte ^ 255 : byte)))]],
  ])('refuses gzip that is %s', async (_name, chunks) => {
    await expect(reading(requestOf(chunks), { gzip: true }).body).rejects.toMatchObject({
      code: 'corrupt_gzip',
    });
  });

  it('ends when the client goes away', async () => {
    const request = new PassThrough();
    const { body } = reading(Object.assign(request, { headers: {} }));
    request.write('half');
    setImmediate(() => request.destroy());
    await expect(body).rejects.toMatchObject({ code: 'aborted' });
  });

  it('ends when the client had gone before anybody read', async () => {
    const request = requestOf([Buffer.from('all of it')]);
    request.destroy();
    await new Promise((resolve) => request.once('close', resolve));
    const { body, inFlight } = reading(request);
    await expect(body).rejects.toMatchObject({ code: 'aborted' });
    expect(inFlight.current()).toBe(0);
  });

  it('waits for the unpacking of what has all arrived, though the request is over by then', async () => {
    const { body } = reading(requestOf([gzipSync(Buffer.alloc(900))]), { gzip: true });
    await expect(body).resolves.toHaveLength(900);
  });
});

describe('in-flight bytes', () => {
  it('reserves up to the bound, all or nothing', () => {
    const inFlight = createInFlightBytes(100);
    expect(inFlight.reserve(60)).toBe(true);
    expect(inFlight.reserve(41)).toBe(false);
    expect(inFlight.current()).toBe(60);
    expect(inFlight.reserve(40)).toBe(true);
    inFlight.release(100);
    expect(inFlight.current()).toBe(0);
  });
});
