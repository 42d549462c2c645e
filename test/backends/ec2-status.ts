import { mapItems } from './ec2-xml';

/** Parts of DescribeInstanceStatus that moto does not have: what EC2 plans, and checks that fail. */

/** A scheduled event as EC2 tells it. */
export interface Planned {
  id: string;
  code: string;
  description: string;
  /** RFC 3339. */
  notBefore: string;
}

/** The element of what EC2 plans for an instance. */
export const planned = ({ id, code, description, notBefore }: Planned): string =>
  `<eventsSet><item><instanceEventId>${id}</instanceEventId><code>${code}</code><description>${description}</description><notBefore>${notBefore}</notBefore></item></eventsSet>`;

/** The element of a check; with the time since when it fails, if it does. */
export function impaired(check: 'systemStatus' | 'instanceStatus', status: string, since?: string): string {
  const failed = since === undefined ? '' : `<impairedSince>${since}</impairedSince>`;
  const details = `<details><item><name>reachability</name><status>${since === undefined ? 'passed' : 'failed'}</status>${failed}</item></details>`;
  return `<${check}><status>${status}</status>${details}</${check}>`;
}

/** Puts elements into what is told of one instance, in place of those of the same name. */
export function withStatus(xml: string, instance: string, parts: readonly string[]): string {
  const changed = (item: string): string => {
    if (!item.includes(`<instanceId>${instance}</instanceId>`)) return item;
    const names = parts.map((part) => /^<(\w+)>/.exec(part)?.[1] ?? '');
    const rest = names.reduce((text, name) => text.replace(new RegExp(`<${name}>[\\s\\S]*?</${name}>`), ''), item);
    return rest.replace(/<\/item>$/, `${parts.join('')}</item>`);
  };
  return mapItems(xml, 'instanceStatusSet', (items) => items.map(changed));
}
