import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isRecord } from './problems';

/** Part of the program that runs here. */
export interface Build {
  version: string;
  /** Commit that it was built from, where that is known. */
  commit?: string;
  node: string;
}

/**
 * Reads the version of this package, and the commit: CIMI_COMMIT (the image is built with it), else that of the working
 * copy which the program runs from.
 */
export function buildOf(env: Readonly<Record<string, string | undefined>>): Build {
  const root = packageFolder();
  const described: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const version = isRecord(described) ? String(described['version']) : '';
  const commit = env['CIMI_COMMIT'] || checkedOut(join(root, '.git'));
  return { version, ...(commit === undefined ? {} : { commit: commit.slice(0, 12) }), node: process.version };
}

/** The folder of this package: sources and compiled files lie at different depths below it. */
export function packageFolder(): string {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json')) || folder === dirname(folder)) return folder;
  }
}

function checkedOut(git: string): string | undefined {
  try {
    const head = readFileSync(join(git, 'HEAD'), 'utf8').trim();
    const [, branch] = /^ref: (\S+)$/.exec(head) ?? [];
    const commit = branch === undefined ? head : readFileSync(join(git, branch), 'utf8').trim();
    return /^[0-9a-f]{40}$/.test(commit) ? commit : undefined;
  } catch {
    // Installed, or a working copy of another shape: then it is not known.
    return undefined;
  }
}
