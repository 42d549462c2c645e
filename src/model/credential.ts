import { bytes, collectionType, resource, string } from './define';

/** The attributes of Tables 29 and 30, which Credential and its template share. */
const credentialAttributes = {
  userName: string({ provider: 'mandatory mutable', consumer: 'mandatory read-write' }),
  password: string({ provider: 'mandatory mutable', consumer: 'mandatory write-only' }),
  /** The bytes of the OpenSSH public key text. */
  key: bytes({ provider: 'mandatory mutable', consumer: 'mandatory read-write' }),
};
/** Order of the elements in XML: extensions stand after the operations (5.14.9, and so the published schema). */
const xmlOrder = ['operations', 'userName', 'password', 'key'];

/** Credential (5.14.9). */
export const credential = resource('Credential', {
  clause: '5.14.9',
  table: 28,
  primary: true,
  attributes: credentialAttributes,
  xmlOrder,
  operations: ['edit', 'delete'],
  capabilities: {
    CredentialTemplateByValue: { type: 'boolean', description: 'A CredentialTemplate may be given by value when a Credential is created.' },
  },
  create: { collection: 'CredentialCollection', template: 'CredentialTemplate' },
});

/** CredentialTemplate (5.14.11). */
export const credentialTemplate = resource('CredentialTemplate', {
  clause: '5.14.11',
  table: 31,
  primary: true,
  attributes: credentialAttributes,
  xmlOrder,
  operations: ['edit', 'delete'],
  create: { collection: 'CredentialTemplateCollection' },
});

export const credentialCollection = collectionType('CredentialCollection', {
  clause: '5.14.10',
  item: 'Credential',
  json: 'credential',
  jsonInField: 'credentials',
  xml: 'Credential',
  entryPoint: 'credentials',
  add: true,
  addRequires: 'CredentialTemplate',
});

export const credentialTemplateCollection = collectionType('CredentialTemplateCollection', {
  clause: '5.14.12',
  item: 'CredentialTemplate',
  json: 'credentialTemplates',
  xml: 'CredentialTemplate',
  entryPoint: 'credentialTemplates',
  add: true,
});

export const credentialResources = [credential, credentialTemplate] as const;
export const credentialCollections = [credentialCollection, credentialTemplateCollection] as const;
