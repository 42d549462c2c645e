import { join } from 'node:path';
import type { Availability } from './need';
import { npmPackages } from './npm-package';

/** Later versions of Node that the programs are tried on, beside the one that runs the tests. */
export const NODES = ['22.23.5', '24.22.3'].map((version) => {
  const name = `node-linux-${process.arch}`;
  const packages = npmPackages(`node-${version}`, [`${name}@${version}`]);
  return { version, packages, program: join(packages.folder, 'node_modules', name, 'bin', 'node') };
});

/** Tells whether they can be had here: from the registry, for Linux alone. */
export function nodesAvailable(): Availability {
  return process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch) ? true : { missing: 'Linux on x64 or arm64' };
}

/** Installs them unless they are there. */
export async function installNodes(): Promise<void> {
  for (const { packages } of NODES) await packages.install();
}
