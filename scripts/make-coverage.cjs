// Writes docs/conformance.md (which check proves which requirement); a test fails while it is not current.
//   node scripts/make-coverage.cjs [REQUIREMENTS.md]
// With the checklist of requirements at hand, test/conformance/requirements.json is made from it first.
const fs = require('node:fs');
const path = require('node:path');
const { format, resolveConfig } = require('prettier');
require('../test/backends/register-typescript.js');

const { coveragePage, parseRequirements, requirements, uncovered } = require('../test/conformance/kit/coverage.ts');
const { loadClauses } = require('../test/conformance/kit/load.ts');

const at = (name) => path.join(__dirname, '..', name);

async function main() {
  const source = process.argv[2] ?? at('../shared/spec/REQUIREMENTS.md');
  if (fs.existsSync(source)) {
    const list = parseRequirements(fs.readFileSync(source, 'utf8'));
    const target = at('test/conformance/requirements.json');
    fs.writeFileSync(target, await format(JSON.stringify(list), { ...(await resolveConfig(target)), filepath: target }));
  }
  fs.writeFileSync(at('docs/conformance.md'), coveragePage(requirements(), loadClauses(), uncovered()));
}

void main();
