/**
 * Loaded before a program (`node --import`) that a test starts: its clock runs as many milliseconds ahead as the file says that
 * SSMAX_TEST_CLOCK names. Timers and TLS keep the machine's time. The program itself knows nothing of it.
 */
import { readFileSync } from 'node:fs';

const file = process.env['SSMAX_TEST_CLOCK'];
const RealDate = Date;
let ahead = 0;
let read = -Infinity;

function now() {
  if (file !== undefined && performance.now() - read > 50) {
    read = performance.now();
    ahead = Number(readFileSync(file, 'utf8'));
  }
  return RealDate.now() + ahead;
}

globalThis.Date = class extends RealDate {
  constructor(...values) {
    if (values.length === 0) super(now());
    else super(...values);
  }

  static now() {
    return now();
  }
};
