/** Segment before the key of a cloud in the paths of its own entry point. */
const CLOUDS = 'clouds';

/** A path below the base, and the cloud whose entry point it stands below, if any. */
export interface CloudPath {
  cloudKey: string | undefined;
  /** The same path at the root; empty for the base itself, and for that of a cloud (`clouds/<key>/`). */
  path: string;
}

/**
 * Parts a path from the entry point of one cloud that it stands below: `clouds/<key>/…` is the same world narrowed to that cloud.
 * `clouds/<key>` without a slash is the cloud as a resource, and stands below none.
 */
export function partedFromCloud(path: string): CloudPath {
  const [first, cloudKey, ...rest] = path.split('/');
  return first === CLOUDS && cloudKey !== undefined && rest.length > 0 ? { cloudKey, path: rest.join('/') } : { cloudKey: undefined, path };
}

/** Tells whether a path is the base of one cloud (`clouds/<key>/`): there its slash counts. */
export function isCloudBase(path: string): boolean {
  return /^clouds\/[^/]+\/$/.test(path);
}

/** Path of a cloud as a resource. */
export function cloudPath(key: string): string {
  return `${CLOUDS}/${key}`;
}

/** Path below an entry point: the root's or a cloud's own. */
export function entryPath(cloudKey: string | undefined, path: string): string {
  return cloudKey === undefined ? path : `${CLOUDS}/${cloudKey}/${path}`;
}
