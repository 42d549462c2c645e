import { answerXml, errorXml, mapInstances, mapItems } from './ec2-xml';
import type { Call } from './fault-proxy';

/** States that an action on instances leads to, and those on the way. */
const WAYS: Readonly<Record<string, readonly [string, string]>> = {
  StopInstances: ['stopped', 'stopping'],
  StartInstances: ['running', 'pending'],
  TerminateInstances: ['terminated', 'shutting-down'],
};

/**
 * An EC2 that takes its time: what was begun shows as under way for the next `reads` reads of it, and what comes too early
 * is refused as AWS refuses it. Counted by reads, not by the clock: a method that waits for an end inside is seen by the
 * calls it makes.
 */
export class Slowness {
  /** Reads for which a thing stays under way; 0: everything is at once. */
  reads = 0;
  /** Refusals of a delete that comes too early, for each thing; undefined: as many as reads. */
  refusals: number | undefined;
  /** State that each thing shows, and for how many more reads. */
  private readonly underWay = new Map<string, { shows: string; left: number }>();
  /** Requests that take effect when their thing has come so far; the answer was given. */
  private readonly later = new Map<string, () => Promise<unknown>>();
  private readonly refused = new Map<string, number>();

  reset(): void {
    this.reads = 0;
    this.refusals = undefined;
    this.underWay.clear();
    this.later.clear();
    this.refused.clear();
  }

  /** Ends what is under way with its next read. */
  hurry(): void {
    for (const entry of this.underWay.values()) entry.left = 1;
  }

  /** Tells whether anything is still under way. */
  get busy(): boolean {
    return this.underWay.size > 0;
  }

  private begin(id: string | null | undefined, shows: string): void {
    if (this.reads > 0 && id) this.underWay.set(id, { shows, left: this.reads });
  }

  /**
   * The answer that needs no counterpart: a refusal for what comes too early, or an acceptance of what takes effect later.
   * @param go sends the call on, when its time has come
   */
  early({ action, parameters }: Call, go: () => Promise<unknown>): { status: number; body: string } | undefined {
    if (this.reads === 0 || parameters.get('DryRun') === 'true') return undefined;
    const refused = (code: string, words: string) => ({ status: 400, body: errorXml(code, words) });
    const [volume, instance, attachment] = ['VolumeId', 'InstanceId', 'AttachmentId'].map((name) => parameters.get(name) ?? '');
    const shown = (id: string | undefined) => this.underWay.get(id ?? '')?.shows;
    const id = parameters.get('InstanceId.1') ?? '';
    if (action === 'StartInstances' && shown(id) === 'stopping')
      return refused('IncorrectInstanceState', `The instance '${id}' is not in a state from which it can be started.`);
    if (action === 'AttachVolume' && (shown(volume) === 'creating' || shown(volume) === 'detaching'))
      return refused('IncorrectState', `Volume '${volume}' is '${shown(volume) ?? ''}'.`);
    if (action === 'CreateSnapshot' && shown(volume) === 'creating')
      return refused('IncorrectState', `The volume '${volume}' is 'creating'.`);
    if (['AttachVolume', 'AttachNetworkInterface', 'CreateImage'].includes(action) && shown(instance) === 'pending')
      return refused('IncorrectState', `Instance '${instance}' is not 'running'.`);
    if (['DeleteSubnet', 'DeleteVpc', 'DetachInternetGateway'].includes(action) && this.refuses(action, parameters))
      return refused('DependencyViolation', `The ${action.slice(6).toLowerCase()} has dependencies and cannot be deleted.`);
    if (action === 'DetachVolume') return this.accepted(volume ?? '', action, go);
    return action === 'DetachNetworkInterface' ? this.accepted(attachment ?? '', action, go) : undefined;
  }

  /** The first calls about a thing come too early. */
  private refuses(action: string, parameters: URLSearchParams): boolean {
    const key = [action, parameters.get('SubnetId'), parameters.get('VpcId'), parameters.get('InternetGatewayId')].join();
    const before = this.refused.get(key) ?? 0;
    this.refused.set(key, before + 1);
    return before < (this.refusals ?? this.reads);
  }

  private accepted(id: string, action: string, go: () => Promise<unknown>): { status: number; body: string } {
    if (!this.later.has(id)) {
      this.begin(id, 'detaching');
      this.later.set(id, go);
    }
    return { status: 200, body: answerXml(action, `<status>detaching</status><return>true</return>`) };
  }

  /** Remembers what a good answer began. */
  begun({ action, parameters }: Call, xml: string): void {
    const first = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
    const instances = [...parameters].flatMap(([name, value]) => (/^InstanceId\.\d+$/.test(name) ? value : []));
    const [ends, shows] = WAYS[action] ?? [];
    // One that is so already has nothing before it.
    if (shows !== undefined && !new RegExp(`<previousState>(?:(?!</previousState>)[^])*<name>${ends}<`).test(xml))
      for (const id of instances) this.begin(id, shows);
    if (action === 'RunInstances') this.begin(first('instanceId'), 'pending');
    if (action === 'CreateVolume') this.begin(first('volumeId'), 'creating');
    if (action === 'CreateSnapshot') this.begin(first('snapshotId'), 'pending');
    if (action === 'CreateImage') this.begin(first('imageId'), 'pending');
  }

  /** A read as EC2 would answer it: what is under way shows so, and each read brings it nearer to its end. */
  async told({ action }: Call, xml: string): Promise<string> {
    if (this.underWay.size === 0) return xml;
    const seen = new Set<string>();
    const state = (id: string | undefined): string | undefined => {
      const entry = this.underWay.get(id ?? '');
      if (entry) seen.add(id ?? '');
      return entry?.shows;
    };
    const told = this.rewritten(action, xml, state);
    for (const id of seen) await this.nearer(id);
    return told;
  }

  private rewritten(action: string, xml: string, state: (id: string | undefined) => string | undefined): string {
    const as = (item: string, id: string, element: string) => {
      const shows = state(new RegExp(`<${id}>([^<]*)</${id}>`).exec(item)?.[1]);
      return shows === undefined ? item : item.replace(new RegExp(`<${element}>[^<]*</${element}>`), `<${element}>${shows}</${element}>`);
    };
    const each = (set: string, change: (item: string) => string) => mapItems(xml, set, (items) => items.map(change));
    if (action === 'DescribeInstances')
      return mapInstances(xml, (id, item) => {
        const shows = state(id);
        return shows === undefined ? item : item.replace(/(<instanceState>[\s\S]*?<name>)[^<]*/, `$1${shows}`);
      });
    if (action === 'DescribeSnapshots') return each('snapshotSet', (item) => as(item, 'snapshotId', 'status'));
    if (action === 'DescribeImages') return each('imagesSet', (item) => as(item, 'imageId', 'imageState'));
    if (action === 'DescribeVolumes')
      return each('volumeSet', (item) => {
        const shows = state(/<volumeId>([^<]*)</.exec(item)?.[1]);
        if (shows !== 'detaching') return shows === undefined ? item : item.replace(/<status>available</, `<status>${shows}<`);
        return item.replace(/<status>attached</, '<status>detaching<');
      });
    if (action !== 'DescribeNetworkInterfaces') return xml;
    return each('networkInterfaceSet', (item) =>
      state(/<attachmentId>([^<]*)</.exec(item)?.[1]) === undefined
        ? item
        : item.replace(/(<attachment>[\s\S]*?<status>)[^<]*/, '$1detaching'),
    );
  }

  private async nearer(id: string): Promise<void> {
    const entry = this.underWay.get(id);
    if (!entry) return;
    entry.left -= 1;
    if (entry.left > 0) return;
    this.underWay.delete(id);
    const go = this.later.get(id);
    this.later.delete(id);
    await go?.();
  }
}
