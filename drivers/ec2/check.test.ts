import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { elapse } from '../../test/harness/wait';
import { driver as module } from './index';

const DRY_RUN =
  '<Response><Errors><Error><Code>DryRunOperation</Code><Message>would have succeeded</Message></Error></Errors><RequestID>r</RequestID></Response>';
const EMPTY = '<DescribeInstancesResponse><requestId>r</requestId><reservationSet/></DescribeInstancesResponse>';

test('check has no more than a few calls on their way at once', async () => {
  let open = 0;
  let most = 0;
  let all = 0;
  const server = createServer((request, response) => {
    all += 1;
    open += 1;
    most = Math.max(most, open);
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const dry = Buffer.concat(parts).toString().includes('DryRun=true');
      // Everything that is asked at once has come by then.
      void elapse(20).then(() => {
        open -= 1;
        response.writeHead(dry ? 412 : 200, { 'content-type': 'text/xml' }).end(dry ? DRY_RUN : EMPTY);
      });
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const options = module.options.parse({ region: 'eu-central-1', endpoint, accessKeyId: 'AKIAX', secretAccessKey: 'none' });
  const driver = await module.connect(options, { dataDir: '', warn: () => undefined });
  const findings = await driver.check({ signal: AbortSignal.timeout(60_000) });
  expect(findings.length).toBeGreaterThan(50);
  expect(all).toBeGreaterThan(50);
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(4);
  await driver.close();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});
