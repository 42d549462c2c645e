import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const ROOT = resolve(__dirname, '..');
const run = promisify(execFile);

/** Another state of this repository, in a folder of its own, installed. */
export interface Checkout {
  folder: string;
  remove(): Promise<void>;
}

/**
 * Checks a commit out beside this one; where its lock file is the same, this checkout's packages are its own.
 * @param ref branch, tag or commit
 * @throws Error where git knows no such commit, or its packages cannot be installed
 */
export async function checkOut(ref: string): Promise<Checkout> {
  const { stdout } = await run('git', ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`], { cwd: ROOT }).catch(() => {
    throw new Error(`git knows no commit ${ref}: name a branch, a tag or a commit of this repository`);
  });
  const parent = await mkdtemp(join(tmpdir(), 'cimi-bench-against-'));
  const folder = join(parent, 'checkout');
  const remove = async (): Promise<void> => {
    await run('git', ['worktree', 'remove', '--force', folder], { cwd: ROOT }).catch(() => undefined);
    await rm(parent, { recursive: true, force: true });
    await run('git', ['worktree', 'prune'], { cwd: ROOT });
  };
  try {
    await run('git', ['worktree', 'add', '--detach', folder, stdout.trim()], { cwd: ROOT });
    const [there, here] = await Promise.all([folder, ROOT].map((root) => readFile(join(root, 'package-lock.json'), 'utf8')));
    if (there === here) await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    else await run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder });
    return { folder, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
