// Records the pages of docs/requests: a request and an answer for each operation of the catalogue, over the simulated cloud. A test
// (test/requests) fails while they are not current.
const fs = require('node:fs');
const path = require('node:path');
require('../test/backends/register-typescript.js');

const { gatewayCatalogue } = require('../src/model/catalogue.ts');
const { requestPages } = require('../test/requests/pages.ts');

async function main() {
  const folder = path.join(__dirname, '../docs/requests');
  const pages = await requestPages(gatewayCatalogue());
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  for (const [name, page] of pages) fs.writeFileSync(path.join(folder, name), page);
}

void main();
