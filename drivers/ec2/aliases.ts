import type { ImageChoice } from '../../src/clouds/driver';

/** Place of the images of a well-known name: their owner's account and their names. */
export interface Alias {
  owner: string;
  name: string;
  architecture: 'x86_64' | 'arm64';
}

type Family = readonly [alias: string, owner: string, name: string, architectures: readonly ('x86_64' | 'arm64')[]];

const BOTH = ['x86_64', 'arm64'] as const;
const CANONICAL = '099720109477';
const DEBIAN = '136693071363';
const RED_HAT = '309956199498';

/** Owners and names as their makers publish them; `{arch}` and `{deb}` are the architecture in their words. */
const FAMILIES: readonly Family[] = [
  ['amazon-linux-2023', 'amazon', 'al2023-ami-2023.*-kernel-*-{arch}', BOTH],
  ['amazon-linux-2', 'amazon', 'amzn2-ami-hvm-2.0.*-{arch}-gp2', BOTH],
  ['ubuntu-22.04', CANONICAL, 'ubuntu/images/hvm-ssd*/ubuntu-jammy-22.04-{deb}-server-*', BOTH],
  ['ubuntu-24.04', CANONICAL, 'ubuntu/images/hvm-ssd*/ubuntu-noble-24.04-{deb}-server-*', BOTH],
  ['debian-12', DEBIAN, 'debian-12-{deb}-*', BOTH],
  ['debian-13', DEBIAN, 'debian-13-{deb}-*', BOTH],
  ['rhel-8', RED_HAT, 'RHEL-8.*_HVM-*-{arch}-*', BOTH],
  ['rhel-9', RED_HAT, 'RHEL-9.*_HVM-*-{arch}-*', BOTH],
  ['rhel-10', RED_HAT, 'RHEL-10.*_HVM-*-{arch}-*', BOTH],
  ['windows-2019', 'amazon', 'Windows_Server-2019-English-Full-Base-*', ['x86_64']],
  ['windows-2022', 'amazon', 'Windows_Server-2022-English-Full-Base-*', ['x86_64']],
  ['windows-2025', 'amazon', 'Windows_Server-2025-English-Full-Base-*', ['x86_64']],
];

const DEB = { x86_64: 'amd64', arm64: 'arm64' } as const;

/**
 * Well-known images by the names that the option `images` takes: `debian-12` is of x86_64, `debian-12-arm64` of ARM. The
 * newest image of a name counts.
 */
export const ALIASES: Readonly<Record<string, Alias>> = Object.fromEntries(
  FAMILIES.flatMap(([alias, owner, name, architectures]) =>
    architectures.map((architecture) => [
      architecture === 'x86_64' ? alias : `${alias}-${architecture}`,
      { owner, name: name.replace('{arch}', architecture).replace('{deb}', DEB[architecture]), architecture },
    ]),
  ),
);

/** The same images as portable names of the configuration take them by `default`. */
export const IMAGE_NAMES: Readonly<Record<string, ImageChoice>> = Object.fromEntries(
  Object.entries(ALIASES).map(([alias, { owner, name, architecture }]) => [
    alias,
    { owner, name, ...(architecture === 'arm64' ? { architecture: 'ARM' } : {}) },
  ]),
);

/** The names, in words. */
export const aliasNames = (): string => Object.keys(ALIASES).join(', ');
