import type { Value, Values } from '../model/values';
import { isPublicKey } from '../operations/keypair';
import { quoted } from '../ovf/error';
import type { Content, Property, VirtualSystem } from '../ovf/package';
import { PROPERTY_CLASS } from './package-builder';

/** Facts of a machine of a package that are not of its hardware's size. */
interface MachineFacts {
  /** Attributes of its template. */
  values: Values;
  /** Attributes of a Credential with its public key. */
  credential?: Values;
  /** Words for what nothing carries. */
  warnings: readonly string[];
}

/** Abilities of the cloud that machines are made for. */
export interface Carriers {
  userData: boolean;
  publicKeys: boolean;
}

/** Keys by which images with cloud-init are set up; the names of Ubuntu's. */
const HOSTNAME = 'hostname';
const USER_DATA = 'user-data';
const PUBLIC_KEYS = 'public-keys';
/** Longest userData, bytes in Base64. */
const MAX_USER_DATA = 65_536;
/** Most properties that a warning names. */
const MAX_NAMED = 5;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const propertiesOf = ({ products }: Content): Property[] =>
  products.flatMap((product) => (product.class === PROPERTY_CLASS ? [] : product.properties));

/** A property that hides its value, or is called so. */
const isPassword = ({ password, name }: Property): boolean => password || /passw(?:or)?d/i.test(name);

/** Name that the package gives a machine for its guest, else that of its description. */
export function nameOf(content: Content): string {
  const hostname =
    content.kind === 'system'
      ? propertiesOf(content)
          .find(({ key }) => key === HOSTNAME)
          ?.value.trim()
      : '';
  return hostname || (content.name ?? content.id);
}

/** The properties that a consumer had given a resource when it was exported (DSP0263 5.10.1). */
export function ownProperties({ products }: Content): { properties?: Value } {
  const own = products.flatMap((product) => (product.class === PROPERTY_CLASS ? product.properties : []));
  return own.length === 0 ? {} : { properties: Object.fromEntries(own.map(({ name, value }) => [name, value])) };
}

/** Reads the facts of a machine, and what brings each property to its guest in a cloud. */
export function factsOf(system: VirtualSystem, machine: string, carriers: Carriers): MachineFacts {
  const properties = propertiesOf(system);
  const [secret, open] = [properties.filter(isPassword), properties.filter((property) => !isPassword(property))];
  const userData = carriers.userData ? userDataOf(open.find(({ key }) => key === USER_DATA)) : undefined;
  const publicKey = carriers.publicKeys ? publicKeyOf(open.find(({ key }) => key === PUBLIC_KEYS)) : undefined;
  const carried = [HOSTNAME, ...(userData === undefined ? [] : [USER_DATA]), ...(publicKey === undefined ? [] : [PUBLIC_KEYS])];
  // What a guest is told by it may be as good as a password.
  const shown = open.filter(({ key }) => key !== USER_DATA);
  const macs = system.hardware.interfaces.flatMap(({ mac }) => mac ?? []);
  const of = `of the machine ${quoted(machine)}`;
  const filled = (some: readonly Property[]): Property[] => some.filter(({ value }) => value !== '');
  return {
    values: {
      ...ownProperties(system),
      ovfId: system.id,
      ...(macs.length === 0 ? {} : { ovfMacs: macs }),
      ...(shown.length === 0 ? {} : { ovfProperties: shown.map(({ key, value }) => `${key}=${value}`) }),
      ...(userData === undefined ? {} : { userData }),
    },
    ...(publicKey === undefined ? {} : { credential: { key: Buffer.from(publicKey).toString('hex') } }),
    warnings: [
      ...told(
        filled(open).filter(({ key }) => !carried.includes(key)),
        (names) => `nothing brings ${names} ${of} to its guest`,
      ),
      ...told(filled(secret), (names) => `${names} ${of} may be a password: left out`),
      ...told(properties.filter(lacksValue), (names) => `${names} ${of} needs a value: give it by 'ovf.property.KEY'`),
    ],
  };
}

/** Words for properties of a collection, which has no guest. */
export function propertiesLeftOut(collection: Content): string[] {
  const names = propertiesOf(collection).filter(({ value }) => value !== '');
  return told(names, (list) => `nothing carries ${list} of the collection ${quoted(collection.id)}`);
}

function told(properties: readonly Property[], words: (names: string) => string): string[] {
  if (properties.length === 0) return [];
  const names = properties.slice(0, MAX_NAMED).map(({ key }) => quoted(key));
  const more = properties.length - names.length;
  return [words(`the property ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`)];
}

/** Tells whether a property has to have characters, and has none. */
const lacksValue = ({ value, qualifiers = '' }: Property): boolean => value === '' && /MinLen\(0*[1-9]\d*\)/i.test(qualifiers);

/** The value in Base64 (5.14.3), in which it has to be written in a package, too; plain text is taken. */
function userDataOf(property: Property | undefined): string | undefined {
  const text = property?.value.replace(/\s+/g, '') ?? '';
  if (text === '') return undefined;
  const data = BASE64.test(text) ? text : Buffer.from(property?.value ?? '').toString('base64');
  return data.length > MAX_USER_DATA ? undefined : data;
}

function publicKeyOf(property: Property | undefined): string | undefined {
  const text = property?.value.trim() ?? '';
  return isPublicKey(text) ? text : undefined;
}
