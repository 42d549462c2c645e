import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Availability } from '../backends/need';
import { waitUntil } from '../harness/wait';

const SCRIPT = resolve(__dirname, '../../scripts/image.mjs');
const NAME = 'cimi-gateway:tested';

/** Tells whether images can be built and run here: by buildah and runc, as root, on Debian. */
export function imagesAvailable(): Availability {
  if (process.getuid?.() !== 0) return { missing: 'root' };
  for (const program of ['buildah', 'runc', 'dpkg-query', 'findmnt'])
    if (spawnSync(program, ['--version']).error) return { missing: `${program} (Debian)` };
  return true;
}

/** Description of how an image is run, as Docker writes it. */
export interface ImageConfig {
  User: string;
  Env: string[];
  Entrypoint: string[];
  Cmd: string[];
  WorkingDir: string;
  StopSignal: string;
  Volumes: Record<string, object>;
  Healthcheck: { Test: string[] };
}

function output(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stderr}`);
  return stdout.trim();
}

/** The image of this checkout, built on bases that are made here, in a storage of its own. */
export class Image {
  private constructor(
    readonly folder: string,
    readonly config: ImageConfig,
    /** Size of all its layers, in bytes. */
    readonly bytes: number,
    readonly root: string,
  ) {}

  /** @param node program of Node that goes into it */
  static build(node: string): Image {
    const folder = mkdtempSync(join(tmpdir(), 'cimi-image-'));
    const words = [SCRIPT, '--local-bases', '--node', node, '--storage', folder, '--name', NAME];
    try {
      output(process.execPath, words);
      const buildah = (...args: string[]): string => output('buildah', [...storageOf(folder), ...args]);
      const { Docker } = JSON.parse(buildah('inspect', '--type', 'image', NAME)) as { Docker: { config: ImageConfig } };
      const root = buildah('mount', buildah('from', '--pull-never', NAME));
      const bytes = Number(output('du', ['--summarize', '--bytes', '--one-file-system', root]).split('\t')[0]);
      return new Image(folder, Docker.config, bytes, root);
    } catch (error) {
      removeStorage(folder);
      throw error;
    }
  }

  remove(): void {
    removeStorage(this.folder);
  }
}

const storageOf = (folder: string): string[] => ['--root', join(folder, 'root'), '--runroot', join(folder, 'run')];

function removeStorage(folder: string): void {
  const mounted = output('findmnt', ['--raw', '--noheadings', '--output', 'TARGET']).split('\n');
  for (const at of mounted.filter((one) => one.startsWith(`${folder}/`)).reverse()) output('umount', [at]);
  rmSync(folder, { recursive: true, force: true });
}

export interface ContainerOptions {
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Folder that is its `/data`. */
  data: string;
  /** Files that it reads, by their paths in it. */
  files?: Readonly<Record<string, string>>;
  input?: string;
}

/**
 * Container that runc runs as Kubernetes would be told to: the image's user without capabilities or new privileges, its root file system
 * read-only, /tmp in memory. Its network is this machine's.
 */
export class Container {
  stdout = '';
  stderr = '';
  over = false;
  readonly ended: Promise<number | null>;
  private readonly id = `cimi-${randomUUID()}`;
  private readonly bundle: string;
  private readonly child: ChildProcess;

  constructor(image: Image, options: ContainerOptions) {
    this.bundle = mkdtempSync(join(image.folder, 'bundle-'));
    writeFileSync(join(this.bundle, 'config.json'), JSON.stringify(runtimeConfig(image, options)));
    this.child = spawn('runc', [...this.state(), 'run', '--bundle', this.bundle, this.id], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.child.stdin?.on('error', () => undefined).end(options.input ?? '');
    this.ended = once(this.child, 'close').then(([code]: unknown[]) => {
      this.over = true;
      rmSync(this.bundle, { recursive: true, force: true });
      return code as number | null;
    });
  }

  /** Waits until it says that it is ready. @returns base URI of its entry point */
  async ready(): Promise<string> {
    const said = (): RegExpExecArray | null => /^cimi-gateway: (http\S+)cloudEntryPoint$/m.exec(this.stderr);
    await waitUntil(
      () => {
        if (this.over) throw new Error(`it did not start:\n${this.stdout}${this.stderr}`);
        return said() !== null;
      },
      () => `it did not start:\n${this.stdout}${this.stderr}`,
    );
    return said()?.[1] ?? '';
  }

  /** Runs a program in it. @returns exit code */
  exec(args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
    return spawnSync('runc', [...this.state(), 'exec', this.id, ...args], { encoding: 'utf8' });
  }

  /** Sends a signal to its first process, and waits for the end. @returns exit code */
  end(signal = 'SIGTERM'): Promise<number | null> {
    if (!this.over) spawnSync('runc', [...this.state(), 'kill', this.id, signal]);
    return this.ended;
  }

  private state(): string[] {
    return ['--root', join(this.bundle, '..', 'runc')];
  }
}

function runtimeConfig({ config, root }: Image, { args = config.Cmd, env = {}, data, files = {} }: ContainerOptions): object {
  const [uid, gid] = config.User.split(':').map(Number);
  if (!existsSync(data)) mkdirSync(data, { mode: 0o700 });
  chownSync(data, uid ?? 0, gid ?? 0);
  const given = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const bind = (destination: string, source: string, mode: string): object => ({
    ...{ destination, source, type: 'bind', options: ['bind', mode, 'nosuid', 'nodev'] },
  });
  return {
    ociVersion: '1.0.2',
    process: {
      ...{
        terminal: false,
        user: { uid, gid },
        args: [...config.Entrypoint, ...args],
        env: [...config.Env, ...given],
        cwd: config.WorkingDir,
      },
      ...{ capabilities: {}, noNewPrivileges: true },
    },
    root: { path: root, readonly: true },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'] },
      { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'mode=1777'] },
      bind('/data', data, 'rw'),
      ...Object.entries(files).map(([path, file]) => bind(path, file, 'ro')),
    ],
    linux: { namespaces: ['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type })) },
  };
}
