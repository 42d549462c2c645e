// Writes the pages of docs/reference from the catalogue; a test fails while they are not current.
const fs = require('node:fs');
const path = require('node:path');
require('../test/backends/register-typescript.js');

const { gatewayCatalogue } = require('../src/model/catalogue.ts');
const { referencePages } = require('../src/model/reference.ts');

const folder = path.join(__dirname, '../docs/reference');
fs.rmSync(folder, { recursive: true, force: true });
fs.mkdirSync(folder, { recursive: true });
for (const [name, page] of referencePages(gatewayCatalogue())) fs.writeFileSync(path.join(folder, name), page);
