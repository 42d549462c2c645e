import { action } from './actions';
import { array, collectionType, integer, map, ref, resource, string, uri } from './define';
import { exportInput, importInput } from './action-inputs';
import { DESCRIPTION } from './common';
import { monitoringTemplates } from './monitored';

const componentTemplates = [
  'SystemTemplate',
  'MachineTemplate',
  'CredentialTemplate',
  'VolumeTemplate',
  'NetworkTemplate',
  'NetworkPortTemplate',
  'AddressTemplate',
  'ForwardingGroupTemplate',
] as const;

/** Declares one of the forms of componentTemplate, whose name depends on the component's type; the literal name is accepted too (D036). */
const componentTemplate = (template?: (typeof componentTemplates)[number]) =>
  ref(template ?? '*', {
    provider: 'mandatory mutable',
    consumer: 'mandatory read-write',
    omissible: true,
    inline: template ? [template] : componentTemplates,
  });

/** SystemTemplate (5.13.3). */
export const systemTemplate = resource('SystemTemplate', {
  clause: '5.13.3',
  table: 18,
  primary: true,
  attributes: {
    componentDescriptors: array(
      'componentDescriptor',
      {
        kind: 'struct',
        fields: {
          name: string({ provider: 'mandatory mutable', consumer: 'optional read-write', plain: true }),
          description: string({ provider: 'mandatory mutable', consumer: 'optional read-write', maxLength: DESCRIPTION }),
          properties: map({ provider: 'mandatory mutable', consumer: 'optional read-write' }),
          type: uri({ provider: 'mandatory mutable', consumer: 'mandatory read-write' }),
          systemTemplate: componentTemplate('SystemTemplate'),
          machineTemplate: componentTemplate('MachineTemplate'),
          credentialTemplate: componentTemplate('CredentialTemplate'),
          volumeTemplate: componentTemplate('VolumeTemplate'),
          networkTemplate: componentTemplate('NetworkTemplate'),
          networkPortTemplate: componentTemplate('NetworkPortTemplate'),
          addressTemplate: componentTemplate('AddressTemplate'),
          forwardingGroupTemplate: componentTemplate('ForwardingGroupTemplate'),
          componentTemplate: componentTemplate(),
          quantity: integer({ provider: 'optional mutable', consumer: 'optional read-write' }),
        },
      },
      { provider: 'mandatory mutable', consumer: 'mandatory read-write' },
    ),
    ...monitoringTemplates,
    importImage: ref('*', { provider: 'optional mutable', consumer: 'optional read-only' }),
  },
  operations: ['edit', 'delete'],
  actions: {
    export: action('export', '5.13.3.1', 'Writes the SystemTemplate to a package.', { input: exportInput }),
  },
  create: { collection: 'SystemTemplateCollection' },
});

export const systemTemplateCollection = collectionType('SystemTemplateCollection', {
  clause: '5.13.4',
  item: 'SystemTemplate',
  json: 'systemTemplates',
  xml: 'SystemTemplate',
  entryPoint: 'systemTemplates',
  add: true,
  actions: {
    import: action('import', '5.13.4.1', 'Makes a SystemTemplate from a package.', { input: importInput }),
  },
});

export const systemTemplateResources = [systemTemplate] as const;
export const systemTemplateCollections = [systemTemplateCollection] as const;
