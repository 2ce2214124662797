import { freePort } from '../src/index.js';

/** For a test: takes so many ports, says which, and stays. */
const ports = await Promise.all(Array.from({ length: Number(process.argv[2]) }, () => freePort()));
process.stdout.write(`${JSON.stringify(ports)}\ntaken\n`);
setInterval(() => undefined, 60_000);
