import { OvfError, quoted } from './error';

/** Place of a file of a package: beside the descriptor, or at a URL of its own. */
export type FileLocation = { readonly name: string; readonly url?: undefined } | { readonly url: string; readonly name?: undefined };

const MAX_NAME_BYTES = 255;
const MAX_URL_BYTES = 2_048;

/**
 * Location that an href of a reference stands for; percent-encoding of a name is taken off once.
 * @throws OvfError for a name that leads out of the package's folder, has a scheme other than http and https, or is no name
 */
export function locationOf(href: string, place: string): FileLocation {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(href)?.[1]?.toLowerCase();
  if (scheme === 'http' || scheme === 'https') {
    if (Buffer.byteLength(href) > MAX_URL_BYTES || !URL.canParse(href)) throw new OvfError(place, `${quoted(href)} is no URL`);
    return { url: href };
  }
  if (scheme !== undefined)
    throw new OvfError(place, `${quoted(href)} is a URL of the scheme ${scheme}; a name, http or https is expected`);
  let name: string;
  try {
    name = decodeURIComponent(href);
  } catch {
    // Products write names with a percent sign as they are.
    name = href;
  }
  checkFileName(name, place);
  return { name };
}

/**
 * Checks the name of a file of a package: one segment of at most 255 bytes, nothing that leads elsewhere.
 * @throws OvfError
 */
export function checkFileName(name: string, place: string): void {
  if (name === '' || name === '.' || name === '..') throw new OvfError(place, `${quoted(name)} is no name of a file`);
  const wrong = /[/\\]/.test(name)
    ? 'leads into another folder'
    : /[\u0000-\u001f\u007f]/.test(name)
      ? 'has control characters'
      : undefined;
  if (wrong) throw new OvfError(place, `the name ${quoted(name)} ${wrong}; a package's files lie beside its descriptor`);
  if (/^[a-z][a-z0-9+.-]*:/i.test(name)) throw new OvfError(place, `the name ${quoted(name)} begins like a URL`);
  if (Buffer.byteLength(name) > MAX_NAME_BYTES)
    throw new OvfError(place, `the name ${quoted(name)} is longer than ${MAX_NAME_BYTES} bytes`);
}

/** The name as two names are compared: file systems differ in case and in composed characters. */
export const foldedName = (name: string): string => name.normalize('NFC').toLowerCase();
