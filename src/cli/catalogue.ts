import type { Config } from '../config/config';
import { gatewayCatalogue, type Catalogue } from '../model/catalogue';
import { typeExtensionsOf } from '../plugins/type-module';

/** The catalogue with the types of the configuration's own modules; no cloud is asked. */
export async function catalogueOf(config: Config): Promise<Catalogue> {
  const types = await typeExtensionsOf(config);
  return gatewayCatalogue(types.attributes, config.compatibility.credentialsGroup, types);
}
