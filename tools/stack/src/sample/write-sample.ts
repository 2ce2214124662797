import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sampleCsv } from './sample-events.js';

/** Writes data/events_sample.csv anew: npx nx sample stack. */
const file = fileURLToPath(new URL('../../../../data/events_sample.csv', import.meta.url));
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, sampleCsv());
console.log(`${file} written`);
