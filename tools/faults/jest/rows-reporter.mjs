import { argv, stdout } from 'node:process';

const ROWS = 30;

/** Prints the table of faults at the end: a line a row, whichever files its tests are in. */
export default class RowsReporter {
  rows = new Map();

  onTestResult(_test, { testResults }) {
    for (const { title, status, duration, failureMessages } of testResults) {
      const [, number, fault] = /^row (\d+): (.*)$/s.exec(title) ?? [];
      if (number === undefined) continue;
      const tests = this.rows.get(Number(number)) ?? [];
      tests.push({ fault, status, seconds: (duration ?? 0) / 1_000, why: failureMessages[0] });
      this.rows.set(Number(number), tests);
    }
  }

  onRunComplete() {
    const lines = ['', 'row  outcome  seconds  fault'];
    let held = 0;
    for (let number = 1; number <= ROWS; number += 1) {
      const tests = this.rows.get(number) ?? [];
      const outcome = outcomeOf(tests);
      if (outcome === 'holds') held += 1;
      const seconds = tests.reduce((sum, test) => sum + test.seconds, 0).toFixed(1);
      const faults = tests.map(({ fault }) => fault).join('; ');
      lines.push(`${String(number).padStart(3)}  ${outcome.padEnd(7)}  ${seconds.padStart(7)}  ${faults}`);
    }
    lines.push('', `${held}/${ROWS} rows hold`);
    stdout.write(`${lines.join('\n')}\n`);
  }

  /** A row that did not run has not passed. */
  getLastError() {
    const open = Array.from({ length: ROWS }, (_, i) => i + 1).filter(
      (number) => outcomeOf(this.rows.get(number) ?? []) === 'not run',
    );
    return open.length > 0 && !argv.some((arg) => /--testNamePattern|^-t$|test\//.test(arg))
      ? new Error(`rows that did not run: ${open.join(', ')}`)
      : undefined;
  }
}

function outcomeOf(tests) {
  if (tests.some(({ status }) => status === 'failed')) return 'FAILS';
  if (tests.some(({ status }) => status === 'pending')) return 'skipped';
  return tests.length > 0 ? 'holds' : 'not run';
}
