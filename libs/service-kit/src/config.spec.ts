import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { commaList, commonConfig, ConfigError, flag, loadConfig, wholeNumber } from './config.js';

const schema = z.object({
  ...commonConfig,
  PORT: wholeNumber(0, 65_535).default(8_001),
  VERBOSE: flag.default(false),
  ZONES: commaList.default(['UTC']),
  DATABASE_PASSWORD: z.string().min(8, 'must have at least 8 characters').optional(),
});

describe('configuration', () => {
  test('is the defaults where nothing is set, and frozen', () => {
    const config = loadConfig(schema, { PORT: '', UNKNOWN: 'x' });
    expect(config).toEqual({
      ENVIRONMENT: 'development',
      LOG_LEVEL: 'info',
      HOST: '0.0.0.0',
      SHUTDOWN_TIMEOUT_MS: 8_000,
      API_KEYS: '',
      TRUST_PROXY: 0,
      PORT: 8_001,
      VERBOSE: false,
      ZONES: ['UTC'],
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  test('reads what is set', () => {
    expect(
      loadConfig(schema, { PORT: '9000', VERBOSE: 'yes', ZONES: ' UTC, Europe/Berlin,', TRUST_PROXY: '2' }),
    ).toMatchObject({ PORT: 9_000, VERBOSE: true, ZONES: ['UTC', 'Europe/Berlin'], TRUST_PROXY: 2 });
    expect(loadConfig(schema, { TRUST_PROXY: 'loopback, uniquelocal' }).TRUST_PROXY).toBe(
      'loopback, uniquelocal',
    );
  });

  test.each([
    [{ PORT: 'abc' }, 'PORT: must be a whole number from 0 to 65535 (got "abc")'],
    [{ PORT: '70000' }, 'PORT: must be a whole number from 0 to 65535 (got "70000")'],
    [{ PORT: '1e3' }, 'PORT: must be a whole number from 0 to 65535 (got "1e3")'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL: must be error, warn, info or debug (got "loud")'],
    [{ VERBOSE: 'maybe' }, 'VERBOSE: must be true or false (got "maybe")'],
    [
      { DATABASE_PASSWORD: 'short' },
      'DATABASE_PASSWORD: must have at least 8 characters (its value is not shown)',
    ],
    [
      { TRUST_PROXY: 'everyone' },
      'TRUST_PROXY: must be how many proxies stand in front (0 to 100), or their addresses between commas: 10.0.0.0/8, ::1, loopback, linklocal, uniquelocal (got "everyone")',
    ],
  ])('%j is refused in one line', (env, line) => {
    expect(() => loadConfig(schema, env)).toThrow(new ConfigError(line));
  });

  describe('from files', () => {
    let folder: string;
    beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'config-'))));
    afterEach(() => {
      rmSync(folder, { recursive: true });
    });

    test('takes the content without the white space around it', () => {
      const file = join(folder, 'password');
      writeFileSync(file, ' correct horse \n');
      expect(loadConfig(schema, { DATABASE_PASSWORD_FILE: file }).DATABASE_PASSWORD).toBe('correct horse');
    });

    test('refuses a value and a file at once, and a file that is not there', () => {
      expect(() => loadConfig(schema, { PORT: '1', PORT_FILE: join(folder, 'port') })).toThrow(
        'PORT and PORT_FILE are both set: set one of them',
      );
      expect(() => loadConfig(schema, { PORT_FILE: join(folder, 'port') })).toThrow(
        /^PORT_FILE: cannot read .* \(ENOENT\)$/,
      );
    });
  });
});
