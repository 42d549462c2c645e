// Tells what a bundle is made of: licences, which have to go with copies, and a bill of materials (CycloneDX) for scanners, which find
// no package where all is one.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './prepare.mjs';

/** Files of a package that its licence wants to go with it. */
const LEGAL = /^(licen[cs]e|notice|copying)/i;

/**
 * Writes THIRD-PARTY-LICENSES.txt and sbom.cdx.json.
 * @param inputs paths of all files in the bundles, relative to the root
 */
export function tellBundled(inputs, folder) {
  const packages = packagesOf(inputs);
  writeFileSync(join(folder, 'THIRD-PARTY-LICENSES.txt'), termsOf(packages));
  writeFileSync(join(folder, 'sbom.cdx.json'), `${JSON.stringify(bill(packages), undefined, 1)}\n`);
}

/** Packages that files are of, by name and version. */
function packagesOf(inputs) {
  const found = new Map();
  for (const input of inputs) {
    if (!input.startsWith('node_modules/')) continue;
    const one = packageOf(dirname(join(root, input)));
    found.set(`${one.name}@${one.version}`, one);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

const kept = new Map();

/** The nearest package.json with a name and a version: some packages have others in their folders. */
function packageOf(folder) {
  const known = kept.get(folder);
  if (known) return known;
  const file = join(folder, 'package.json');
  const { name, version, license } = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const found = name && version ? { name, version, license, folder } : packageOf(dirname(folder));
  kept.set(folder, found);
  return found;
}

/** Terms of all packages; those that are the same letter by letter stand there once, below the names of their packages. */
function termsOf(packages) {
  const named = new Map();
  for (const { name, version, license, folder } of packages) {
    const files = readdirSync(folder).filter((file) => LEGAL.test(file));
    const text = files.map((file) => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n');
    named.set(text, [...(named.get(text) ?? []), `${name} ${version}, ${license}`]);
  }
  return [...named].map(([text, names]) => `${names.join('\n')}\n\n${text}\n`).join(`\n${'='.repeat(80)}\n\n`);
}

function bill(packages) {
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'application', name, version, 'bom-ref': purl(name, version) } },
    components: packages.map((one) => ({
      type: 'library',
      name: one.name,
      version: one.version,
      'bom-ref': purl(one.name, one.version),
      purl: purl(one.name, one.version),
      licenses: [{ expression: one.license }],
    })),
  };
}

const purl = (name, version) => `pkg:npm/${name.replace('@', '%40')}@${version}`;
