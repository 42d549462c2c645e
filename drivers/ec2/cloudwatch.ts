import { CloudWatchClient, GetMetricDataCommand, type GetMetricDataCommandInput, type MetricDataResult } from '@aws-sdk/client-cloudwatch';
import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { LoginRefusals } from '../../src/clouds/logins';
import { clientSettings, isBesideEc2, quietly } from './connect';
import { translate } from './errors';
import { refusesLogin } from './login';
import { BASIC, metricOf, metricQuery } from './metrics';
import type { Ec2Options } from './options';
import { anySignal } from '../../src/model/any-signal';

/** Tells whether there is a CloudWatch for this account. Pure. */
export const hasCloudWatch = (options: Ec2Options): boolean => isBesideEc2(options, options.cloudWatchEndpoint);

/** The wire to CloudWatch in the region of the account. It retries nothing; whoever calls it does. */
export class CloudWatch {
  private readonly client: CloudWatchClient;
  private readonly refusals = new LoginRefusals({ carried: true, refuses: refusesLogin });

  constructor(options: Ec2Options) {
    const place = { service: 'CloudWatch', region: options.region, endpoint: options.cloudWatchEndpoint };
    this.client = quietly(() => new CloudWatchClient(clientSettings(options, place)));
  }

  /**
   * Reads the results of one question, to the last page.
   * @throws ProviderError
   */
  async *results(input: GetMetricDataCommandInput, context: CallContext): AsyncIterable<readonly MetricDataResult[]> {
    const seen = new Set<string>();
    let NextToken: string | undefined;
    do {
      const answer = await this.send({ ...input, NextToken }, context);
      yield answer.MetricDataResults ?? [];
      NextToken = answer.NextToken === '' ? undefined : answer.NextToken;
      if (NextToken !== undefined && seen.has(NextToken))
        throw new ProviderError('unavailable', 'CloudWatch answered the same page again and again', { maybeDone: false });
      if (NextToken !== undefined) seen.add(NextToken);
    } while (NextToken !== undefined);
  }

  /** Asks for the newest points of one instance's CPUUtilization, to see whether that may be done. @throws ProviderError */
  async try(instance: string, context: CallContext): Promise<void> {
    const metric = metricOf('Machine', 'cpu');
    const last = Math.floor(Date.now() / 1000 / BASIC) * BASIC;
    if (!metric) return;
    const MetricDataQueries = [metricQuery({ metric, key: instance, period: BASIC, first: last, last }, 'q0')];
    await this.send({ MetricDataQueries, StartTime: new Date((last - BASIC) * 1000), EndTime: new Date(last * 1000) }, context);
  }

  close(): void {
    this.client.destroy();
  }

  private async send(input: GetMetricDataCommandInput, { signal }: CallContext) {
    return this.refusals.pass(async () => {
      // As in Wire: after a refusal a rotated file is read again.
      if (this.refusals.refused) await this.client.config.credentials({ forceRefresh: true });
      if (signal.aborted)
        throw new ProviderError('timeout', 'The call was cancelled: nobody waits for its answer any more', { maybeDone: false });
      try {
        return await this.client.send(new GetMetricDataCommand(input), { abortSignal: anySignal(signal) });
      } catch (thrown) {
        throw translate(thrown, input, 'CloudWatch');
      }
    });
  }
}
