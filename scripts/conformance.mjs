// `npm run conformance -- URL`: asks any CIMI 1.1 provider whether it does what DSP0263 says (test/conformance).
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { install, root } from './prepare.mjs';

install();
const program = ['--require', join(root, 'test/backends/register-typescript.js'), join(root, 'test/conformance/kit/cli.ts')];
process.exitCode = spawnSync(process.execPath, [...program, ...process.argv.slice(2)], { stdio: 'inherit' }).status ?? 2;
