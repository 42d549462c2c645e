/** Segment before the key of a cloud in the paths of its own entry point. */
const CLOUDS = 'clouds';

/** A path below the base, and the cloud whose entry point it stands below, if any. */
export interface CloudPath {
  cloudKey: string | undefined;
  /** The same path at the root; empty for the base itself, and for that of a cloud (`clouds/<key>`). */
  path: string;
}

/** Parts a path from the entry point of one cloud that it stands below: `clouds/<key>/…` is the same world narrowed to that cloud. */
export function partedFromCloud(path: string): CloudPath {
  const [first, cloudKey, ...rest] = path.split('/');
  return first === CLOUDS && cloudKey !== undefined ? { cloudKey, path: rest.join('/') } : { cloudKey: undefined, path };
}

/** Path below an entry point: the root's or a cloud's own. */
export function entryPath(cloudKey: string | undefined, path: string): string {
  return cloudKey === undefined ? path : `${CLOUDS}/${cloudKey}/${path}`;
}
