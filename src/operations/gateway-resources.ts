import type { TypeCapabilities } from '../clouds/driver';
import type { Values } from '../model/values';

/** Types that no one creates: what they say is computed when they are read. */
export const ENTRY_POINT = 'CloudEntryPoint';
export const METADATA = 'ResourceMetadata';
export const CLOUD = 'Cloud';
export const COMPUTED: readonly string[] = [ENTRY_POINT, METADATA, CLOUD];

/** Attributes of a Cloud Entry Point (5.12): one collection reference per offered type. */
export function entryPointValues(options: {
  id: string;
  name: string;
  description: string;
  base: string;
  collections: ReadonlyMap<string, string>;
}): Values {
  const values: Values = { id: options.id, name: options.name, description: options.description, baseURI: options.base };
  for (const [attribute, path] of options.collections) values[attribute] = { href: path };
  return values;
}

/** Capabilities (Table 7) that the gateway itself has, whatever stands behind it. @param retentionMinutes how long ended Jobs are kept. */
export function gatewayCapabilities(retentionMinutes: number): Readonly<Record<string, TypeCapabilities>> {
  const parameters = ['Expand', 'Filter', 'First', 'Select', 'Format', 'OrderBy'].map((name) => [`${name}Parameter`, true] as const);
  return {
    [ENTRY_POINT]: { capabilities: { ...Object.fromEntries(parameters), QueryPathNotation: true } },
    Job: { capabilities: { JobRetention: retentionMinutes } },
    Credential: { capabilities: { CredentialTemplateByValue: true } },
    System: { capabilities: { SystemComponentTemplateByValue: true } },
  };
}
