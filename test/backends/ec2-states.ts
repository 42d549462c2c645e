import type { Ask } from './ec2-storage';
import { answerXml, errorXml, mapInstances, stateOf } from './ec2-xml';
import type { Call } from './fault-proxy';

/** States of instances in which AWS does not do what moto always does; the fault proxy applies them. */

/** The state in which AWS takes an action that moto always takes. */
const ALLOWED: Readonly<Record<string, string>> = {
  RebootInstances: 'running',
  CreateReplaceRootVolumeTask: 'running',
  ModifyInstanceAttribute: 'stopped',
};

const ENDED = '<code>48</code><name>terminated</name>';

/** The answer that AWS has for a call because of its instances' states, where moto's is another. */
export async function stateAnswer(call: Call, ask: Ask): Promise<{ status: number; body: string } | undefined> {
  if (call.parameters.get('DryRun') === 'true') return undefined;
  return call.action === 'TerminateInstances' ? endedAgain(call, ask) : wrongState(call, ask);
}

async function wrongState({ action, parameters }: Call, ask: Ask): Promise<{ status: number; body: string } | undefined> {
  const allowed = ALLOWED[action];
  const id = parameters.get('InstanceId') ?? parameters.get('InstanceId.1');
  if (allowed === undefined || id === null) return undefined;
  const found = (await states([id], ask)).get(id) ?? allowed;
  if (found === allowed) return undefined;
  return { status: 400, body: errorXml('IncorrectInstanceState', `The instance '${id}' is not in the '${allowed}' state.`) };
}

/** TerminateInstances is idempotent at AWS; moto deletes the interfaces of an ended instance again, and refuses what it can't find. */
async function endedAgain({ parameters }: Call, ask: Ask): Promise<{ status: number; body: string } | undefined> {
  const ids = [...parameters].filter(([name]) => name.startsWith('InstanceId.')).map(([, value]) => value);
  const known = await states(ids, ask);
  if (ids.length === 0 || !ids.every((id) => known.get(id) === 'terminated')) return undefined;
  const items = ids.map(
    (id) => `<item><instanceId>${id}</instanceId><currentState>${ENDED}</currentState><previousState>${ENDED}</previousState></item>`,
  );
  return { status: 200, body: answerXml('TerminateInstances', `<instancesSet>${items.join('')}</instancesSet>`) };
}

/** Reads the states of those of the instances that the counterpart knows, by id. */
async function states(ids: readonly string[], ask: Ask): Promise<Map<string, string>> {
  const asked = Object.fromEntries(ids.map((id, n) => [`InstanceId.${n + 1}`, id]));
  const known = new Map<string, string>();
  mapInstances(await ask({ Action: 'DescribeInstances', ...asked }), (id, item) => {
    known.set(id, stateOf(item));
    return item;
  });
  return known;
}
