/** Names under which volumes are attached to instances, as EC2 documents them for hardware virtual machines. */

/** Letters recommended for volumes first, then the two-letter names. */
const RECOMMENDED = [...'fghijklmnop'];
const MORE_NAMES = ['b', 'c'].flatMap((first) => [...'abcdefghijklmnopqrstuvwxyz'].map((second) => first + second));

const NAMES = {
  linux: {
    candidates: [...RECOMMENDED.map((slot) => `/dev/sd${slot}`), ...MORE_NAMES.map((slot) => `/dev/xvd${slot}`)],
    valid: /^\/dev\/(?:sd[b-z]|xvd[b-z]|xvd[b-d][a-z])$/,
  },
  windows: {
    candidates: [...RECOMMENDED, ...MORE_NAMES].map((slot) => `xvd${slot}`),
    valid: /^xvd(?:[b-z]|[b-d][a-z])$/,
  },
} as const;

/** Tells whether EC2 accepts the device name for a volume that is no root volume. */
export function isDeviceName(name: string, platform: keyof typeof NAMES): boolean {
  return NAMES[platform].valid.test(name);
}

/**
 * Free names, the best first: the hint if EC2 takes it and nothing has its place, then the recommended ones.
 * `/dev/sdf` and `/dev/xvdf` are one place.
 * @param taken names in use on the instance
 */
export function freeDeviceNames(platform: keyof typeof NAMES, taken: readonly string[], hint?: string): string[] {
  const used = new Set(['a', ...taken.map(placeOf)]);
  const { candidates } = NAMES[platform];
  const wanted = hint !== undefined && isDeviceName(hint, platform) ? [hint] : [];
  return [...new Set([...wanted, ...candidates])].filter((name) => !used.has(placeOf(name)));
}

/** The letters that tell a device; names of another kind stand for themselves. */
function placeOf(name: string): string {
  return /^(?:\/dev\/)?(?:sd|xvd|hd)([a-z]{1,2})\d*$/.exec(name)?.[1] ?? name;
}
