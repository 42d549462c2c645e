// Writes the types of the client library (sdk/types.generated.ts) and what the console's forms know (console/catalogue.generated.ts)
// from the catalogue; a test fails while they are not current.
const fs = require('node:fs');
const path = require('node:path');
require('../test/backends/register-typescript.js');
const prettier = require('prettier');

const { gatewayCatalogue } = require('../src/model/catalogue.ts');
const { clientForms } = require('../src/model/client-forms.ts');
const { clientTypes } = require('../src/model/client-types.ts');

const catalogue = gatewayCatalogue();

async function write(name, source) {
  const file = path.join(__dirname, '..', name);
  const options = await prettier.resolveConfig(file);
  fs.writeFileSync(file, await prettier.format(source, { ...options, parser: 'typescript' }));
}

write('sdk/types.generated.ts', clientTypes(catalogue));
write('console/catalogue.generated.ts', clientForms(catalogue));
