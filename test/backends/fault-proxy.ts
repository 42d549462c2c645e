import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type CloudWatchManners, metricsAnswer, metricsCall } from './cloudwatch';
import { BlockMemory, blocksAnswer, blocksCall, refusedImage, tellBlocks } from './ebs-direct';
import { missingEni, NetworkMemory, refusedNetwork, tellNetwork } from './ec2-network';
import { Slowness } from './ec2-slow';
import { stateAnswer } from './ec2-states';
import { type Ask, refusedStorage, tellStorage, understood } from './ec2-storage';
import { InstanceTypeLists } from './ec2-types';
import { errorXml, instanceIds, instanceState, mapInstances, pageOf, stateOf } from './ec2-xml';
import { type Answer, bytes, forward } from './onward';

/** API call on its way: the action and its form parameters. */
export interface Call {
  action: string;
  parameters: URLSearchParams;
  /** Text that came with it: JSON, of a call to CloudWatch. */
  body: string;
}

/** Rule of what shall go wrong. The first rule that fits a call decides; its `times` then goes down by one. */
export interface Rule {
  /** Action it applies to; absent: every one. */
  action?: string;
  when?: (call: Call) => boolean;
  /** Number of calls that it catches; absent: all. */
  times?: number;
  /** Waits before anything else, in ms. */
  delayMs?: number;
  /** Waits for this before anything else: an event of the test. */
  until?: Promise<unknown>;
  /** Answers an EC2 error; the call does not go through. Status 400 unless said. */
  fail?: { code: string; message?: string; status?: number; more?: object };
  /** Answers this text; the call does not go through. */
  answer?: { status: number; type: string; body: string } | ((call: Call) => { status: number; type: string; body: string });
  /** Cuts the connection before the call went through, or after (the lost answer). */
  drop?: 'before' | 'after';
  /** Changes the body of a good answer. */
  rewrite?: (xml: string, call: Call) => string;
}

/** Behaviour of the cloud at all times, in ms. */
export interface Manners {
  /** A new instance is `pending` for so long. */
  pendingMs: number;
  /** A new instance is not seen at all for so long (eventual consistency). */
  hiddenMs: number;
  /** Honour ClientTokens as AWS does (moto does not). */
  clientTokens: boolean;
  /** Answer as AWS does in an instance's state where moto does not (ec2-states.ts). */
  strictStates: boolean;
  /** Tell and refuse as AWS does where moto's storage does not (ec2-storage.ts). */
  storage: boolean;
  /** The same of its networks (ec2-network.ts). */
  networks: boolean;
  /** CloudWatch's limits, which moto does not have; absent: as moto is. */
  metrics?: CloudWatchManners | undefined;
  /** Cut listings of images, instance types, volumes, snapshots, subnets, VPCs and interfaces into the pages asked for (moto answers them whole). */
  pages: boolean;
  /** List but few of the instance types. */
  fewTypes: boolean;
}

/** An HTTP proxy in front of an EC2 counterpart that misbehaves on demand. */
export interface FaultProxy {
  url: string;
  manners: Manners;
  /** Duration of what is begun. */
  slow: Slowness;
  /** Blocks of snapshots beyond moto's. */
  blocks: BlockMemory;
  /** Adds a rule; returns the way to take it back. */
  add(rule: Rule): () => void;
  /** Returns how often the action was called (all actions when absent), counted as the calls come in. */
  count(action?: string): number;
  /** Calls by action. */
  counts(): Readonly<Record<string, number>>;
  /** Forgets rules, counts, manners and recorded instances. */
  reset(): void;
  stop(): Promise<void>;
}

const QUIET: Manners = {
  pendingMs: 0,
  hiddenMs: 0,
  clientTokens: false,
  strictStates: false,
  storage: false,
  networks: false,
  metrics: undefined,
  pages: false,
  fewTypes: false,
};

/** Starts a proxy on a free port of 127.0.0.1 in front of `target`. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const state = new ProxyState();
  const server = createServer((incoming, outgoing) => {
    serve(state, target, incoming, outgoing).catch((cause: unknown) => {
      outgoing.destroy(cause instanceof Error ? cause : new Error(String(cause)));
    });
  });
  // A test that computes for longer than a connection may be idle would find it closed at its next call.
  server.keepAliveTimeout = 0;
  await new Promise<void>((done, failed) => server.once('error', failed).listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  return {
    url: `http://127.0.0.1:${address.port}`,
    manners: state.manners,
    slow: state.slow,
    blocks: state.blocks,
    add: (rule) => state.add(rule),
    count: (action) => state.count(action),
    counts: () => Object.fromEntries(state.counts),
    reset: () => state.reset(),
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

class ProxyState {
  readonly manners: Manners = { ...QUIET };
  readonly counts = new Map<string, number>();
  /** Instances made through this proxy and when, in ms since the epoch. */
  readonly born = new Map<string, number>();
  /** First answer to each ClientToken, with the parameters that got it. */
  readonly tokens = new Map<string, { parameters: string; answer: Answer }>();
  /** Last call with each ClientToken that came in. */
  readonly underWay = new Map<string, Promise<Answer>>();
  readonly types = new InstanceTypeLists();
  readonly network = new NetworkMemory();
  readonly slow = new Slowness();
  readonly blocks = new BlockMemory();
  private rules: Rule[] = [];
  private last: Promise<unknown> = Promise.resolve();

  /** Runs one after the other: what is looked at first must still be so when the call goes through. */
  inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.last.then(run, run);
    this.last = turn;
    return turn;
  }

  add(rule: Rule): () => void {
    const own = { ...rule };
    this.rules.push(own);
    return () => {
      this.rules = this.rules.filter((other) => other !== own);
    };
  }

  count(action?: string): number {
    if (action !== undefined) return this.counts.get(action) ?? 0;
    return [...this.counts.values()].reduce((sum, n) => sum + n, 0);
  }

  take(call: Call): Rule {
    this.counts.set(call.action, this.count(call.action) + 1);
    const rule = this.rules.find((r) => r.times !== 0 && (r.action ?? call.action) === call.action && (r.when?.(call) ?? true));
    if (rule?.times !== undefined) rule.times -= 1;
    return rule ?? {};
  }

  reset(): void {
    this.rules = [];
    this.counts.clear();
    this.born.clear();
    this.tokens.clear();
    this.underWay.clear();
    Object.assign(this.manners, QUIET);
    this.slow.reset();
  }
}

const xml = (status: number, body: string): Answer => ({ status, type: 'text/xml', body });

async function serve(state: ProxyState, target: string, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const given = await bytes(incoming);
  const body = given.toString('utf8');
  const parameters = new URLSearchParams(body);
  const metrics = metricsCall(incoming);
  const blocks = blocksCall(incoming);
  const call: Call = { action: metrics ?? blocks ?? parameters.get('Action') ?? `${incoming.method} ${incoming.url}`, parameters, body };
  const rule = state.take(call);
  if (rule.delayMs !== undefined) await new Promise((done) => setTimeout(done, rule.delayMs));
  await rule.until;
  if (rule.drop === 'before') {
    incoming.socket.destroy();
    return;
  }
  if (blocks !== undefined) {
    const told = await blocksAnswer(call, rule, state.blocks, { target, incoming, body: given });
    if (rule.drop === 'after') incoming.socket.destroy();
    else
      outgoing.writeHead(told.status, { ...told.headers, 'content-length': told.body.length, 'x-amzn-requestid': blocks }).end(told.body);
    return;
  }
  const onward = (asked: string) => forward(target, incoming, asked);
  const answer = await (metrics === undefined
    ? answerTo(state, target, incoming, body, call, rule)
    : metricsAnswer(call, rule, state.manners.metrics, onward));
  if (rule.drop === 'after') {
    incoming.socket.destroy();
    return;
  }
  // As AWS does: the request id of the body stands in a header too, which is where the SDK looks for it.
  const id = metrics ?? /<requestId>([^<]*)</i.exec(answer.body)?.[1];
  outgoing.writeHead(answer.status, {
    'content-type': answer.type,
    'content-length': Buffer.byteLength(answer.body),
    ...(id === undefined ? {} : { 'x-amzn-requestid': id }),
  });
  outgoing.end(answer.body);
}

async function answerTo(
  state: ProxyState,
  target: string,
  incoming: IncomingMessage,
  body: string,
  call: Call,
  rule: Rule,
): Promise<Answer> {
  if (rule.fail) {
    const { code, message, status } = rule.fail;
    return xml(status ?? 400, errorXml(code, message ?? 'as the test ordered'));
  }
  const answer = async (): Promise<Answer> => {
    const early = repeated(state, call) ?? invisible(state, call);
    if (early) return early;
    const judged = () => judgedAnswer(state, target, incoming, body, call, rule);
    return IN_TURN.test(call.action) ? state.inTurn(judged) : judged();
  };
  const token = tokenOf(state, call);
  if (token === undefined) return answer();
  // A client whose deadline is over repeats a call that is still under way: AWS makes one instance for both.
  const turn = (state.underWay.get(token) ?? Promise.resolve()).then(answer, answer);
  state.underWay.set(token, turn);
  return turn;
}

/** Calls between which nothing may happen: moto ends an instance step by step, its interfaces and then its disks. */
const IN_TURN = /^(?:Attach|TerminateInstances$|DescribeVolumes$)/;

/** Key of the call's ClientToken, where the cloud honours it. */
function tokenOf({ manners }: ProxyState, { action, parameters }: Call): string | undefined {
  const token = parameters.get('ClientToken');
  return manners.clientTokens && token !== null ? `${action} ${token}` : undefined;
}

/** The refusal that AWS would have for it, else the counterpart's answer. */
async function judgedAnswer(
  state: ProxyState,
  target: string,
  incoming: IncomingMessage,
  body: string,
  call: Call,
  rule: Rule,
): Promise<Answer> {
  const ask = askOf(target, incoming);
  const inItsState = state.manners.strictStates ? await stateAnswer(call, ask) : undefined;
  if (inItsState) return xml(inItsState.status, inItsState.body);
  const slow = state.slow.early(call, () => forward(target, incoming, body));
  if (slow) return xml(slow.status, slow.body);
  const unready = refusedImage(call, state.blocks);
  if (unready) return unready;
  const refused = state.manners.networks ? await refusedNetwork(call, ask, state.network) : undefined;
  if (refused) return xml(refused.status, refused.body);
  const refusal = state.manners.storage ? await refusedStorage(call, ask) : undefined;
  if (refusal !== undefined) return xml(400, refusal);
  return goodAnswer(state, target, incoming, body, call, rule);
}

/** Questions of the proxy's own, signed as the call at hand is. */
function askOf(target: string, incoming: IncomingMessage): Ask {
  return async (parameters) => {
    const question = new URLSearchParams({ ...parameters, Version: '2016-11-15' }).toString();
    return (await forward(target, incoming, question)).body;
  };
}

async function goodAnswer(
  state: ProxyState,
  target: string,
  incoming: IncomingMessage,
  body: string,
  call: Call,
  rule: Rule,
): Promise<Answer> {
  if (rule.answer) return typeof rule.answer === 'function' ? rule.answer(call) : rule.answer;
  const onward = (asked = understood(call, body)) => forward(target, incoming, asked);
  const answer = (state.manners.pages && (await state.types.answer(call, state.manners.fewTypes, onward))) || (await onward());
  if (answer.status !== 200) return rightlyNamed(call, answer, askOf(target, incoming));
  remember(state, call, answer);
  state.slow.begun(call, answer.body);
  const held = await tellBlocks(call, answer.body, state.blocks, target);
  const told = state.manners.storage ? await tellStorage(call, held, askOf(target, incoming)) : held;
  const full = state.manners.networks ? await tellNetwork(call, told, askOf(target, incoming), state.network) : told;
  const missing = state.manners.networks ? missingEni(call, full) : undefined;
  if (missing) return xml(missing.status, missing.body);
  const mannered = { ...answer, body: await state.slow.told(call, behave(state, call, full)) };
  return rule.rewrite ? { ...mannered, body: rule.rewrite(mannered.body, call) } : mannered;
}

/** Moto's refusal of several ids names any of them, also one that is there: the one that is refused alone is meant. */
async function rightlyNamed({ action, parameters }: Call, answer: Answer, ask: Ask): Promise<Answer> {
  const ids = [...parameters].filter(([name]) => /^(?:Subnet|Vpc|Volume|Allocation|Group)Id\.\d+$/.test(name));
  if (ids.length < 2 || !action.startsWith('Describe') || !answer.body.includes('.NotFound</Code>')) return answer;
  for (const [name, id] of ids) {
    const alone = await ask({ Action: action, [name.replace(/\d+$/, '1')]: id });
    if (alone.includes('.NotFound</Code>')) return { ...answer, body: alone };
  }
  return answer;
}

/** The second call with one token gets the first's answer, or is refused if it asks for something else. */
function repeated(state: ProxyState, call: Call): Answer | undefined {
  const token = tokenOf(state, call);
  const known = token === undefined ? undefined : state.tokens.get(token);
  if (!known) return undefined;
  if (known.parameters === call.parameters.toString()) return known.answer;
  return xml(
    400,
    errorXml(
      'IdempotentParameterMismatch',
      'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
    ),
  );
}

/** Asking by id for what cannot be seen yet is InvalidInstanceID.NotFound, as on AWS. */
function invisible(state: ProxyState, call: Call): Answer | undefined {
  if (state.manners.hiddenMs === 0) return undefined;
  const asked = [...call.parameters].filter(([name]) => name.startsWith('InstanceId.')).map(([, value]) => value);
  const hidden = asked.filter((id) => young(state, id, state.manners.hiddenMs));
  if (hidden.length === 0) return undefined;
  const words =
    hidden.length === 1 ? `The instance ID '${hidden[0]}' does not exist` : `The instance IDs '${hidden.join(', ')}' do not exist`;
  return xml(400, errorXml('InvalidInstanceID.NotFound', words));
}

function young(state: ProxyState, id: string, ms: number): boolean {
  const born = state.born.get(id);
  return born !== undefined && Date.now() - born < ms;
}

function remember(state: ProxyState, call: Call, answer: Answer): void {
  if (call.action === 'RunInstances') for (const id of instanceIds(answer.body)) state.born.set(id, Date.now());
  const token = call.parameters.get('ClientToken');
  if (token !== null) state.tokens.set(`${call.action} ${token}`, { parameters: call.parameters.toString(), answer });
}

/** Element that holds the items of a listing that moto does not cut into pages. */
const SETS: Readonly<Record<string, string>> = {
  DescribeImages: 'imagesSet',
  DescribeVolumes: 'volumeSet',
  DescribeSnapshots: 'snapshotSet',
  DescribeSubnets: 'subnetSet',
  DescribeVpcs: 'vpcSet',
  DescribeNetworkInterfaces: 'networkInterfaceSet',
  DescribeInstanceStatus: 'instanceStatusSet',
};

/** An instance that the gateway launches: it has a ClientToken of its own, and always tags. */
const MARKED = /<clientToken>cimi-/;

function behave(state: ProxyState, call: Call, body: string): string {
  const set = SETS[call.action];
  const size = call.parameters.get('MaxResults');
  if (state.manners.pages && set !== undefined && size !== null) return pageOf(body, set, Number(size), call.parameters.get('NextToken'));
  if (call.action !== 'DescribeInstances') return body;
  return mapInstances(body, (id, item) => {
    // moto tags an instance a moment after others can see it; AWS launches none without its tags.
    if (!state.born.has(id) && MARKED.test(item) && !/<tagSet>\s*<item>/.test(item)) return '';
    if (young(state, id, state.manners.hiddenMs)) return '';
    // Only what runs was pending: one that is terminated by then stays that.
    return young(state, id, state.manners.pendingMs) && stateOf(item) === 'running' ? instanceState(item, 0, 'pending') : item;
  });
}
