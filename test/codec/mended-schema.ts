import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SCHEMA = join(__dirname, '../../../shared/spec/xsd/DSP8009_1.0.2.xsd');

/** Slips of the published schema: the interoperability notes' list, and what else contradicts the text (decision record 0013). */
const MENDS: readonly (readonly [slip: string, mended: string])[] = [
  ['name="shapshot"', 'name="snapshot"'],
  // Nothing in the schema uses the xml namespace, and nothing is fetched from the network.
  ['<xs:import namespace="http://www.w3.org/XML/1998/namespace" schemaLocation="http://www.w3.org/2001/xml.xsd"/>', ''],
  ['<xs:element name="attribute" minOccurs="0">', '<xs:element name="attribute" minOccurs="0" maxOccurs="unbounded">'],
  [
    '<xs:element name="capability" minOccurs="0" maxOccurs="unbounded">\n<xs:complexType>',
    '<xs:element name="capability" minOccurs="0" maxOccurs="unbounded">\n<xs:complexType mixed="true">',
  ],
  ['<xs:element name="importImage" type="xs:anyURI" minOccurs="0"/>', '<xs:element name="importImage" type="tns:expRef" minOccurs="0"/>'],
];

/** The published schema with its slips mended. */
export function mendedSchema(): string {
  let schema = readFileSync(SCHEMA, 'utf8').replaceAll('\r\n', '\n');
  for (const [slip, mended] of MENDS) {
    expect(schema).toContain(slip);
    schema = schema.replace(slip, mended);
  }
  const before = (added: string) => (slip: string) => `${added}\n${slip}`;
  schema = within(
    schema,
    '<xs:group name="NetworkPortTemplateElements">',
    '<xs:element name="network"',
    before('<xs:element name="initialState" type="xs:string" minOccurs="0"/>'),
  );
  // The group serves the template too, which has the array.
  schema = within(
    schema,
    '<xs:group name="ForwardingGroupElements">',
    '<xs:element name="network"',
    before('<xs:element name="networks" type="tns:expRef" minOccurs="0"/>'),
  );
  schema = within(
    schema,
    '<xs:element name="Disk">',
    '<xs:any namespace',
    before('<xs:element name="operation" type="tns:operationType" minOccurs="0" maxOccurs="unbounded"/>'),
  );
  // Events can be updated and deleted (5.17.13, D070), which the schema gives no element to tell.
  schema = within(
    schema,
    '<xs:group name="EventElements">',
    '<xs:any namespace="##other"',
    before('<xs:element name="operation" type="tns:operationType" minOccurs="0" maxOccurs="unbounded"/>'),
  );
  schema = within(schema, '<xs:element name="Disk">', '<xs:element name="capacity"', before('<xs:group ref="tns:commonElements"/>'));
  return within(
    schema,
    '<xs:group name="VolumeImageElements">',
    '<xs:element name="imageLocation" type="xs:anyURI"',
    () => '<xs:element name="imageLocation" type="tns:expRef"',
  );
}

/** Replaces the first occurrence after a place. */
function within(schema: string, after: string, slip: string | RegExp, mend: (slip: string) => string): string {
  const place = schema.indexOf(after);
  expect(place).toBeGreaterThan(0);
  const rest = schema.slice(place);
  expect(rest).toMatch(slip);
  return schema.slice(0, place) + rest.replace(slip, mend);
}

/** Tells whether the published schema is at hand; it is not part of this project. */
export const schemaIsHere = (): boolean => existsSync(SCHEMA);

/**
 * Faults of XML documents against a schema, by name; those without any are left out.
 * @param path file of the schema, where it imports others beside it
 */
export function faultsAgainst(schema: string, documents: Readonly<Record<string, string>>, path?: string): Record<string, string[]> {
  const input = JSON.stringify({ schema, documents, path });
  const output = execFileSync(process.execPath, [join(__dirname, 'validate-xml.mjs')], { input, encoding: 'utf8', maxBuffer: 1 << 26 });
  return JSON.parse(output) as Record<string, string[]>;
}

/** Faults of representations against the mended schema. In CI the schema must be there; elsewhere nothing is checked without it. */
export function schemaFaults(documents: Readonly<Record<string, string>>): Record<string, string[]> {
  if (!schemaIsHere() && process.env['CI'] !== 'true') return {};
  return faultsAgainst(mendedSchema(), documents);
}
