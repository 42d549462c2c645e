import type { Ask } from './load';

interface Named {
  id: string;
  name: string;
}

/** Body of POST /machines by reference, in JSON, from what the cloud below `entry` offers under these names. */
export async function createBody(ask: Ask, entry: string, names = { config: 'Small', image: 'Debian 12' }): Promise<string> {
  const find = async (collection: string, items: string, wanted: string) => {
    const { body } = await ask(`${entry}${collection}`);
    const found = (JSON.parse(body.toString()) as Record<string, Named[]>)[items]?.find(({ name }) => name === wanted);
    if (!found) throw new Error(`no ${wanted} in ${collection}`);
    return { href: found.id };
  };
  const machineConfig = await find('machineConfigs', 'machineConfigurations', names.config);
  const machineImage = await find('machineImages', 'machineImages', names.image);
  return JSON.stringify({
    resourceURI: 'http://schemas.dmtf.org/cimi/1/MachineCreate',
    ...{ name: 'measured', description: 'read again and again', properties: { tier: 'web', rack: 'r7' } },
    machineTemplate: { machineConfig, machineImage },
  });
}

/** Creates a machine and waits until it is there. @returns its URI @throws Error with the Job when it failed */
export async function createMachine(ask: Ask, entry: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const accepted = await ask(`${entry}machines`, { method: 'POST', headers, body: await createBody(ask, entry) });
  await ended(ask, String(accepted.headers['cimi-job-uri']));
  return String(accepted.headers.location);
}

/** Waits until a Job has ended well, looking every `lookMs`. @throws Error with the Job when it failed */
export async function ended(ask: Ask, job: string, lookMs = 50): Promise<void> {
  for (;;) {
    const text = (await ask(job)).body.toString();
    const { state } = JSON.parse(text) as { state: string };
    if (state === 'SUCCESS') return;
    if (state === 'FAILED' || state === 'STOPPED') throw new Error(`the Job did not succeed: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}
