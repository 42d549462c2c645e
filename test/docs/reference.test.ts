import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gatewayCatalogue } from '../../src/model/catalogue';
import { referencePages } from '../../src/model/reference';

const folder = join(__dirname, '..', '..', 'docs', 'reference');
const catalogue = gatewayCatalogue();
const pages = referencePages(catalogue);

test('the reference pages are current (node scripts/make-reference.cjs writes them)', () => {
  expect(readdirSync(folder).sort()).toEqual([...pages.keys()].sort());
  for (const [name, page] of pages) expect([name, readFileSync(join(folder, name), 'utf8') === page]).toEqual([name, true]);
});

test('each type stands on one page, each link leads to a heading', () => {
  const all = [...pages.values()].join('\n');
  for (const { name } of catalogue.resources) expect([name, all.match(new RegExp(`^## ${name}$`, 'gm'))?.length]).toEqual([name, 1]);
  for (const [, file = '', anchor = ''] of all.matchAll(/\]\(([a-z-]+\.md)#([a-z]+)\)/g))
    expect(pages.get(file)?.toLowerCase()).toContain(`\n## ${anchor}\n`);
});

test('a page tells type, unit, values, constraints, states and paths', () => {
  const page = pages.get('machine.md') ?? '';
  expect(page).toContain('| `memory` | `memory` | integer | kibibyte |  | mandatory mutable | mandatory read-write | 5.14.1, Table 19 |');
  expect(page).toContain('| `stop` | POST of an Action | STARTED, PAUSED, SUSPENDED, STOPPING | STOPPING | STOPPED |');
  expect(page).toContain('| DiskCollection | `machines/{Machine}/disks` | `disks` | `Disk` | yes | 5.14.1.1.1 |');
  expect(page).toContain('| `volumes.href` | `@href` | ref to Volume |');
  expect(page).toContain('| `Machine/MachineStopForce` | boolean |');
});
