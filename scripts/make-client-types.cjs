// Writes the types of the client library (sdk/types.generated.ts) from the catalogue; a test fails while they are not current.
const fs = require('node:fs');
const path = require('node:path');
require('../test/backends/register-typescript.js');
const prettier = require('prettier');

const { standardCatalogue } = require('../src/model/catalogue.ts');
const { clientTypes } = require('../src/model/client-types.ts');

const file = path.join(__dirname, '../sdk/types.generated.ts');

async function write() {
  const options = await prettier.resolveConfig(file);
  fs.writeFileSync(file, await prettier.format(clientTypes(standardCatalogue()), { ...options, parser: 'typescript' }));
}

write();
