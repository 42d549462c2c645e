import { mapItems } from './ec2-xml';
import type { Call } from './fault-proxy';
import type { Answer } from './onward';

/**
 * Instance types that an account lists unless a test asks for all of AWS's 1,400: of each processor, burstable and not, with and
 * without disks of their own. Moto takes four seconds for them all, and the SDK two for what it then answers. By name each
 * of AWS's types is found all the same.
 */
const FEW = [
  ...['nano', 'micro', 'small', 'medium', 'large', 'xlarge', '2xlarge'].flatMap((size) => [`t2.${size}`, `t3.${size}`, `t4g.${size}`]),
  ...['large', 'xlarge', '2xlarge', '4xlarge'].flatMap((size) => [`m5d.${size}`, `c6g.${size}`, `r5.${size}`, `i4i.${size}`]),
  ...['c5.4xlarge', 'm1.small', 'm5d.metal', 'g4dn.xlarge', 'mac1.metal'],
];
/** Types in a page where there are few, whatever is asked for: AWS may answer fewer than MaxResults, and does not end there. */
const FEW_A_PAGE = 10;

const PAGING = ['NextToken', 'MaxResults'];

/** The body of a call that lists instance types, or where they are, so that it asks for few; undefined for all other calls. */
function narrowed({ action, parameters }: Call): string | undefined {
  if (action !== 'DescribeInstanceTypes' && action !== 'DescribeInstanceTypeOfferings') return undefined;
  const chosen = [...parameters.keys()].some((name) => name.startsWith('Filter.') || name.startsWith('InstanceType.'));
  if (chosen || parameters.get('DryRun') === 'true') return undefined;
  const asked = new URLSearchParams(parameters);
  asked.append('Filter.1.Name', 'instance-type');
  FEW.forEach((type, index) => asked.append(`Filter.1.Value.${index + 1}`, type));
  return asked.toString();
}

/** Instance types never change: asked for once, and cut into items once, however many pages are made of them. */
export class InstanceTypeLists {
  private readonly known = new Map<string, { answer: Answer; items: readonly string[] }>();

  /**
   * Answers a call about instance types with the page that it asks for; undefined for all other calls.
   * @param few lists but few types
   * @param ask has the counterpart answer this body
   */
  async answer(call: Call, few: boolean, ask: (body?: string) => Promise<Answer>): Promise<Answer | undefined> {
    const body = few ? narrowed(call) : undefined;
    if (call.action !== 'DescribeInstanceTypes') return body === undefined ? undefined : ask(body);
    const key = new URLSearchParams([...call.parameters].filter(([name]) => !PAGING.includes(name))).toString();
    const whole = this.known.get(key) ?? this.cut(await ask(body));
    if (whole.answer.status !== 200) return whole.answer;
    this.known.set(key, whole);
    const size = call.parameters.get('MaxResults');
    if (size === null) return this.put(whole.answer, whole.items);
    const start = Number(call.parameters.get('NextToken')?.replace('page-', '') ?? 0);
    const end = start + (few ? Math.min(FEW_A_PAGE, Number(size)) : Number(size));
    return this.put(whole.answer, whole.items.slice(start, end), end < whole.items.length ? `<nextToken>page-${end}</nextToken>` : '');
  }

  private cut(answer: Answer): { answer: Answer; items: readonly string[] } {
    let items: readonly string[] = [];
    const body = mapItems(answer.body, 'instanceTypeSet', (all) => {
      items = all;
      return [];
    });
    return { answer: { ...answer, body }, items };
  }

  private put(answer: Answer, items: readonly string[], token = ''): Answer {
    return { ...answer, body: answer.body.replace('</instanceTypeSet>', () => `${items.join('')}</instanceTypeSet>${token}`) };
  }
}
