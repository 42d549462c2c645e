import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { pythonPackage } from './python-package';

/** Release of Cisco's Common OVF Tool that descriptors of ours are read by. */
/** COT is of 2019, and asks setuptools for pkg_resources, which later ones do not have. */
const PACKAGE = pythonPackage('cot', '2.2.1', ['setuptools==75.8.0']);

export const { available: cotAvailable, install: installCot } = PACKAGE;

/** Lets COT tell what is in a package. @throws where it does not take it for one */
export async function toldByCot(file: string): Promise<string> {
  const cot = join(dirname(PACKAGE.python), 'cot');
  const { stdout, stderr } = await promisify(execFile)(cot, ['info', '--verbose', file], { timeout: 120_000 });
  return stdout + stderr;
}
