import { changesOf } from '../attributes.ts';
import { collectionAt, itemAt, type Context, type Values } from '../context.ts';
import { find } from '../find.ts';
import { showItem, structured, table } from '../output.ts';
import { EXIT, Problem, usage } from '../problem.ts';
import { oneOf, type Verb } from '../verb.ts';
import { settle, uriOfJob, waitForJob } from '../waiting.ts';

type Strings = Record<string, string>;

/** Options of an import or a move: what is given goes among the properties of the Action (docs/packages.md). */
function propertiesOf(given: Parameters<Verb>[2]['given']): { to: string | undefined; properties: Strings } {
  const properties: Strings = {};
  for (const { name, value } of given) properties[name.replace(/^properties\./, '')] = value;
  const { to, ...others } = properties;
  return { to, properties: others };
}

/** Imports a package from a URL. */
export const importPackage: Verb = async (context, place, rest) => {
  const source = oneOf(rest, 'import', place);
  const { to, properties } = propertiesOf(rest.given);
  const all = { ...properties, ...(to === undefined ? {} : { cloud: to }) };
  const accepted = await collectionAt(context.cimi, place.href).act('import', { source, properties: all });
  if (properties.plan === 'true') return showPlan(context, accepted.job && uriOfJob(accepted.job));
  if ((await settle(context, accepted)) && accepted.location !== undefined)
    await showItem(context, await itemAt(context.cimi, accepted.location));
};

/** Shows what a Job that only plans has found. */
async function showPlan(context: Context, job: string | undefined): Promise<void> {
  if (job === undefined) throw new Problem(EXIT.failed, 'the provider tells no plan');
  const { plan = [], statusMessage = '' } = await waitForJob(context, job);
  const { options, world } = context;
  if (options.output === 'json' || options.output === 'yaml') {
    world.out.write(await structured(options.output, plan));
    return;
  }
  const columns = ['part', 'becomes', 'bytes', 'detail'];
  world.out.write(
    table(
      world,
      columns,
      plan.map((one) => columns.map((name) => String((one as Values)[name] ?? ''))),
    ),
  );
  world.err.write(`${statusMessage}\n`);
}

/** Moves a System or a Machine to another cloud: its package is exported, its plan shown, and with --yes imported with its source stopped. */
export const move: Verb = async (context, place, rest) => {
  const word = oneOf(rest, 'move', place);
  const { to, properties } = propertiesOf(rest.given);
  if (to === undefined) throw usage(`cimi ${place.name} move ${word} needs --to CLOUD`);
  const item = await find(context, place, word);
  const exported = await item.act('export', { properties: { 'ovf.running': 'snapshot' } });
  if (exported.job) await waitForJob(context, uriOfJob(exported.job));
  if (exported.location === undefined) throw new Problem(EXIT.failed, `${item.id}: the export told no package`);
  const systems = collectionAt(context.cimi, context.cimi.collection('systems').href);
  const request = { source: exported.location, properties: { ...properties, cloud: to } };
  const planned = await systems.act('import', { ...request, properties: { ...request.properties, plan: 'true' } });
  await showPlan(context, planned.job && uriOfJob(planned.job));
  if (!context.options.yes) {
    context.world.err.write(
      `cimi: nothing is moved yet; --yes moves it, or: cimi systems import ${exported.location} --to ${to} --source stop\n`,
    );
    return;
  }
  const moved = await systems.act('import', { ...request, properties: { ...request.properties, source: 'stop' } });
  if ((await settle(context, moved)) && moved.location !== undefined) await showItem(context, await itemAt(context.cimi, moved.location));
};

/** Copies an image to another cloud. */
export const copy: Verb = async (context, place, rest) => {
  const word = oneOf(rest, 'copy', place);
  const to = rest.given.find(({ name }) => name === 'to')?.value;
  if (to === undefined) throw usage(`cimi ${place.name} copy ${word} needs --to CLOUD`);
  const { id, name } = await find(context, place, word);
  const others = await changesOf(
    context,
    place.kind,
    rest.given.filter((one) => one.name !== 'to'),
  );
  const location = place.name === 'volumeImages' ? { href: id } : id;
  const made = await collectionAt(context.cimi, place.href).create({
    ...(name === undefined ? {} : { name }),
    ...others,
    imageLocation: location,
    cloud: to,
  });
  if (await settle(context, made)) await showItem(context, await made.resource.refresh());
};
