import { spawnSync } from 'node:child_process';
import { chromium, type Browser } from 'playwright-core';
import type { Availability } from './need';

const PROGRAM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Tells whether a browser is here for the console's tests. */
export function chromiumAvailable(): Availability {
  if (spawnSync(PROGRAM, ['--version']).status === 0) return true;
  return { missing: `${PROGRAM} (Debian: apt-get install chromium; CHROMIUM names another)` };
}

/** Starts the browser without a screen; root has no sandbox. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: PROGRAM, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
}
