import type { Catalogue } from './catalogue';
import { chaptersOf } from './chapters';
import { faultResponses, headers, parameters, securitySchemes } from './openapi-parts';
import { JOB, type Offers, Paths } from './openapi-paths';
import { Schemas, surely } from './openapi-schemas';
import type { Values } from './values';

export interface OpenApiOptions {
  /** Absolute base URI, with or without a slash at its end. */
  base: string;
  /** Offers to describe; absent: all that the catalogue declares. */
  offers?: Offers;
}

/** Version of the interface that is described, not of the program, which strangers need not know. */
const CIMI_VERSION = '1.1.0';

const DESCRIPTION = [
  'Cloud Infrastructure Management Interface (CIMI) 1.1, DMTF DSP0263 (ISO/IEC 19831:2015). Numbers of clauses and tables are its own.',
  'Start at the Cloud Entry Point and follow references: URIs are opaque. Every PUT, POST and DELETE is done by a Job: where it is not done at once the answer is 202 and CIMI-Job-URI names the Job; the body of a create or PUT is the resource, that of an action or a DELETE the Job.',
  'What a resource allows now is in its `operations`; what a cloud can do is in the ResourceMetadata. Attributes that are empty are not sent. HEAD is answered wherever GET is.',
  'In XML, maps stand as `<property key="…">value</property>` and resourceURI is the element itself; the published schema (DSP8009) is what counts there.',
].join('\n\n');

/**
 * The OpenAPI 3.1 document of a catalogue: a path for each collection and item on offer, a schema for each type.
 * It tells nothing of any cloud: the entry points of single clouds are a server with a variable.
 */
export function openApiDocument(catalogue: Catalogue, { base, offers = declaredOffers(catalogue) }: OpenApiOptions): Values {
  const schemas = new Schemas(catalogue);
  const server = base.replace(/\/+$/, '');
  const paths = new Paths(catalogue, schemas, offers).all();
  const faults = faultResponses(surely(schemas.representation(JOB)));
  for (const { name } of catalogue.resources) schemas.representation(name);
  for (const { name } of catalogue.collections) schemas.collection(name);
  return {
    openapi: '3.1.0',
    info: {
      title: 'CIMI gateway',
      version: CIMI_VERSION,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [
      { url: server, description: 'Every cloud that the caller may use.' },
      {
        url: `${server}/clouds/{cloud}`,
        description: 'One cloud: the same paths, narrowed to what it holds. Ids in answers stay those of the first server.',
        variables: { cloud: { default: 'cloud', description: 'Key of a configured cloud.' } },
      },
    ],
    security: [{ basic: [] }, { bearer: [] }],
    tags: chaptersOf(catalogue)
      .filter(({ types }) => types.some(({ name }) => offers.has(name)))
      .map(({ chapter }) => ({
        name: chapter.title,
        ...(chapter.clause === undefined ? {} : { description: `DSP0263 ${chapter.clause}` }),
      })),
    paths,
    components: { schemas: schemas.all(), parameters, headers, responses: faults, securitySchemes },
  };
}

/** Returns everything that the catalogue declares, as if all of it were offered. */
export function declaredOffers(catalogue: Catalogue): Offers {
  return new Map(
    catalogue.resources.map((resource) => {
      const collections = catalogue.collections.filter(({ item }) => item === resource.name);
      const actions = [resource, ...collections].flatMap((declared) => Object.keys(declared.actions ?? {}));
      return [resource.name, [...(collections.some(({ add }) => add) ? ['add'] : []), ...resource.operations, ...actions]];
    }),
  );
}
