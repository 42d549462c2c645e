import { resolve } from 'node:path';

/** Arguments for node that run a TypeScript file of this project in a process of its own. */
export function runTypescript(file: string): string[] {
  return ['--require', resolve(__dirname, 'packed-typescript.js'), file];
}
