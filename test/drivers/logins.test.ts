import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { driver as ec2 } from '../../drivers/ec2/index';
import { driver as openstack } from '../../drivers/openstack/index';
import { driver as vsphere } from '../../drivers/vsphere/index';
import type { Driver, DriverModule } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { context } from './counterpart';

/** Answer of a provider: status, content type, body. */
type Answer = readonly [number, string, string];
type Provider = (body: string, incoming: IncomingMessage) => Answer;

const soap = (inner: string) =>
  `<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><e:Body>${inner}</e:Body></e:Envelope>`;
const OBJECTS = 'rootFolder propertyCollector sessionManager searchIndex taskManager viewManager'.split(' ');
const CONTENT = soap(
  `<RetrieveServiceContentResponse xmlns="urn:vim25"><returnval>${OBJECTS.map((name) => `<${name} type="${name}">${name}</${name}>`).join('')}<about><name>vCenter</name><apiVersion>8.0</apiVersion></about></returnval></RetrieveServiceContentResponse>`,
);
const INVALID_LOGIN = soap(
  '<e:Fault><faultcode>ServerFaultCode</faultcode><faultstring>Cannot complete login due to an incorrect user name or password.</faultstring><detail><InvalidLoginFault xmlns="urn:vim25" i:type="InvalidLogin"/></detail></e:Fault>',
);
const AUTH_FAILURE =
  '<?xml version="1.0"?><Response><Errors><Error><Code>AuthFailure</Code><Message>AWS was not able to validate the provided access credentials</Message></Error></Errors><RequestID>r</RequestID></Response>';
const UNAUTHORIZED = JSON.stringify({
  error: { code: 401, title: 'Unauthorized', message: 'The request you have made requires authentication.' },
});
const PAGE: Answer = [401, 'text/html', '<html><body>Sign in to the proxy</body></html>'];

interface Refusing {
  name: string;
  connect(url: string, password: string): Promise<Driver>;
  answers: Provider;
  /** Key of a machine. */
  machine: string;
  /** Tells whether a request is one that a provider counts as a login. */
  isLogin(body: string): boolean;
}

const connect = <O>(module: DriverModule<O>, options: object): Promise<Driver> =>
  Promise.resolve(module.connect(module.options.parse(options), { dataDir: '', warn: () => undefined }));

const PROVIDERS: readonly Refusing[] = [
  {
    name: 'ec2',
    machine: 'i-0123456789abcdef0',
    connect: (endpoint, secretAccessKey) =>
      connect(ec2, { region: 'eu-central-1', endpoint, accessKeyId: 'AKIAXXXXXXXXXXXXXXXX', secretAccessKey }),
    answers: () => [401, 'text/xml', AUTH_FAILURE],
    isLogin: () => true,
  },
  {
    name: 'openstack',
    machine: '4c3e5f0e-6a1f-4d6f-9a3c-0b7d6f4f2a11',
    connect: (url, password) => connect(openstack, { authUrl: `${url}/v3`, username: 'ann', password, projectId: 'p' }),
    answers: () => [401, 'application/json', UNAUTHORIZED],
    isLogin: () => true,
  },
  {
    name: 'vsphere',
    machine: 'vm-1',
    connect: (url, password) => connect(vsphere, { url, username: 'ann', password, insecure: true }),
    answers: (body) => (body.includes('RetrieveServiceContent') ? [200, 'text/xml', CONTENT] : [500, 'text/xml', INVALID_LOGIN]),
    isLogin: (body) => body.includes('<Login'),
  },
];

describe.each(PROVIDERS)('$name with a wrong password', ({ connect: open, answers, machine, isLogin }) => {
  let server: Server;
  let url: string;
  let bodies: string[];
  let provider: Provider;
  let driver: Driver;

  beforeEach(async () => {
    bodies = [];
    provider = answers;
    server = createServer((incoming, outgoing) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.on('end', () => {
        const body = Buffer.concat(parts).toString();
        bodies.push(body);
        const [status, type, text] = provider(body, incoming);
        outgoing.writeHead(status, { 'content-type': type }).end(text);
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    driver = await open(url, 'wrong');
  });
  afterEach(async () => {
    await driver.close();
    await new Promise<void>((done) => server.close(() => done()));
  });

  const read = async (from: Driver): Promise<ProviderError> => {
    const answer = await from.machines?.getMany([machine], context()).catch((error: unknown) => error);
    if (answer instanceof ProviderError) return answer;
    throw new Error(`not refused: ${JSON.stringify(answer)}`);
  };

  test('logs in once for many requests, then not at all, and tells the provider’s words each time', async () => {
    const together = await Promise.all(Array.from({ length: 3 }, () => read(driver)));
    const sent = bodies.length;
    const later: ProviderError[] = [];
    for (let i = 0; i < 47; i += 1) later.push(await read(driver));
    expect([...together, ...later].map(({ kind }) => kind)).toEqual(Array.from({ length: 50 }, () => 'auth'));
    expect(bodies).toHaveLength(sent);
    // EC2 has no login: three requests at the same time were on their way before the first was refused.
    expect(bodies.filter(isLogin).length).toBeLessThanOrEqual(3);
    expect(later[0]?.message).toMatch(/(credentials|authentication|password).*not sent again for \d+ s/);
  });

  test('tries other credentials at once', async () => {
    await read(driver);
    const before = bodies.filter(isLogin).length;
    const other = await open(url, 'another');
    await read(other);
    expect(bodies.filter(isLogin)).toHaveLength(before + 1);
    await other.close();
  });

  test('is not confused with a gateway in front that wants a login of its own', async () => {
    provider = () => PAGE;
    await read(driver);
    const before = bodies.length;
    await read(driver);
    expect(bodies.length).toBeGreaterThan(before);
  });
});
