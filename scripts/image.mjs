// `npm run image`: the image of the Dockerfile, built by buildah; --help tells the options.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { makeBases, output } from './image-bases.mjs';
import { root } from './prepare.mjs';

const HELP = `npm run image -- [options]
  --name NAME        of the image (cimi-gateway:VERSION)
  --archive FILE     also writes it there, for docker load, podman load or ctr images import
  --arg NAME=VALUE   argument of the Dockerfile: NODE and BASE are the images that it is built on, with their digests
  --local-bases      builds on images made here, of this Debian's packages and a Node: no registry of images is asked
  --node FILE        the Node for these (the one that runs this)
  --storage FOLDER   of buildah (its own)
`;
const options = {
  ...{ name: { type: 'string' }, archive: { type: 'string' }, arg: { type: 'string', multiple: true, default: [] } },
  ...{ 'local-bases': { type: 'boolean' }, node: { type: 'string', default: process.execPath }, storage: { type: 'string' } },
  help: { type: 'boolean', short: 'h' },
};
const { values } = parseArgs({ options });
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

const storage = values.storage === undefined ? [] : ['--root', join(values.storage, 'root'), '--runroot', join(values.storage, 'run')];
const buildah = (args) => output('buildah', [...storage, ...args]);
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const name = values.name ?? `cimi-gateway:${version}`;
const commit = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? '';

const bases = values['local-bases'] ? makeBases(buildah, values.node) : {};
const given = [...Object.entries(bases).map(([key, value]) => `${key}=${value}`), ...values.arg, `COMMIT=${commit}`];
// What npm has fetched before need not be fetched again. Docker's format: OCI's has no HEALTHCHECK.
const cache = join(process.env.npm_config_cache ?? join(homedir(), '.npm'));
mkdirSync(cache, { recursive: true });
const words = ['bud', '--format', 'docker', '--isolation', 'chroot', '--pull=false', '--volume', `${cache}:/root/.npm`, '--tag', name];
const built = spawnSync('buildah', [...storage, ...words, ...given.flatMap((one) => ['--build-arg', one]), root], { stdio: ['ignore', 2, 2] });
if (built.error) throw built.error;
if (built.status !== 0) process.exit(built.status ?? 1);
if (values.archive !== undefined) {
  const file = resolve(values.archive);
  mkdirSync(dirname(file), { recursive: true });
  buildah(['push', '--quiet', name, `docker-archive:${file}:${name}`]);
}
const [image] = JSON.parse(buildah(['images', '--json', '--filter', `reference=${name}`]));
console.log(`${name}: ${image.size}, ${image.id}`);
