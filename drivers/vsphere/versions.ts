/** Tells whether one version of the API (`6.7.2`, `8.0.2.0`) is older than another; false for what is no version. */
export function isOlder(version: string, than: string): boolean {
  const [own, other] = [parts(version), parts(than)];
  for (let index = 0; index < other.length; index += 1) {
    const difference = (own[index] ?? 0) - (other[index] ?? 0);
    if (Number.isNaN(difference) || difference > 0) return false;
    if (difference < 0) return true;
  }
  return false;
}

const parts = (version: string): number[] => version.split('.').map((part) => Number.parseInt(part, 10));
