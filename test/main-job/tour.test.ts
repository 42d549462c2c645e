import { Client } from '../harness/client';
import { startTestGateway } from '../harness/gateway';
import { takeTour } from './tour';

test('README’s five minutes with curl, on the simulated cloud', async () => {
  const gateway = await startTestGateway();
  try {
    await takeTour(new Client(gateway.base), { image: 'Debian 12' });
  } finally {
    await gateway.stop();
  }
}, 30_000);
