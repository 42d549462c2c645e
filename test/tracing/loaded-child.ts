import { startTestGateway } from '../harness/gateway';

/** Starts a gateway and stops it; tells its parent which modules that has loaded. */
async function main([dataDir = '', tracing]: readonly string[]): Promise<void> {
  const config = tracing === 'true' ? { tracing: { endpoint: 'http://127.0.0.1:9', sample: 0 } } : {};
  const gateway = await startTestGateway({ dataDir, config });
  await gateway.stop({ keepData: true });
  process.send?.(Object.keys(require.cache));
}

void main(process.argv.slice(2));
