import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Availability } from './need';

const FOLDER = join(__dirname, '..', '..', '.backends');
/** The module of all our own programs in Go: its versions are pinned once. */
const MODULE = join(__dirname, 'vcsim');
/** The module that pins tools of others, apart: their versions decide nothing of ours. */
const TOOLS = join(__dirname, 'kubernetes');
/** Seconds that a build may take: Helm takes three minutes of a processor where nothing of it was built before. */
const BUILD_SECONDS = 1500;

/** A program in Go, built below .backends once for each state of its sources and pinned modules. */
export interface GoProgram {
  /** Tells whether it can be built and run here; needs go, and flock. */
  available(): Availability;
  /** Builds it unless it is there; safe to call from several processes. */
  install(): Promise<void>;
  /** Path of the program. */
  path(): string;
}

/**
 * Describes a program of our own.
 * @param name of the file that is built
 * @param folder its package's folder below the module
 */
export function goProgram(name: string, folder = '.'): GoProgram {
  return built(name, MODULE, `./${folder}`, () =>
    readdirSync(join(MODULE, folder))
      .filter((file) => file.endsWith('.go'))
      .map((file) => join(MODULE, folder, file)),
  );
}

/**
 * Describes a tool of others, at the version that `kubernetes/go.mod` pins.
 * @param name of the file that is built
 * @param path of its package
 */
export function goTool(name: string, path: string): GoProgram {
  return built(name, TOOLS, path, () => []);
}

/** @param sources files beside the module's own that decide what is built */
function built(name: string, module: string, what: string, sources: () => readonly string[]): GoProgram {
  const path = (): string => {
    const files = [...sources(), ...['go.mod', 'go.sum'].map((file) => join(module, file))].map(
      (file) => [file.slice(file.lastIndexOf('/') + 1), file] as const,
    );
    const hash = createHash('sha256');
    for (const [base, file] of files.sort(([one], [other]) => (one < other ? -1 : 1))) hash.update(base).update(readFileSync(file));
    return join(FOLDER, `${name}-${hash.digest('hex').slice(0, 12)}`);
  };
  return {
    path,
    available() {
      if (existsSync(path())) return true;
      if (spawnSync('go', ['version']).status !== 0) return { missing: 'go' };
      if (spawnSync('flock', ['--version']).status !== 0) return { missing: 'flock (util-linux)' };
      return true;
    },
    async install() {
      const target = path();
      if (existsSync(target)) return;
      mkdirSync(FOLDER, { recursive: true });
      const script = 'test -e "$1" || { go build -o "$1.new" "$2" && mv "$1.new" "$1"; }';
      const words = ['-w', String(BUILD_SECONDS), join(FOLDER, `${name}-install.lock`), 'sh', '-ec', script, 'sh', target, what];
      await promisify(execFile)('flock', words, {
        cwd: module,
        timeout: (BUILD_SECONDS + 20) * 1000,
        env: { ...process.env, GOFLAGS: '-mod=readonly -buildvcs=false' },
      });
    },
  };
}
