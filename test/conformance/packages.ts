import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytes, startOrigin } from '../fetch/origin';

const FILES = { 'package.ovf': 'application/ovf', 'package.mf': 'text/plain', 'boot.vmdk': 'application/octet-stream' };

/** Place of the package that the suite imports, with what the gateway's configuration has to say to be let there. */
export interface PlaceOfPackage {
  choose: { package: string };
  fetch: Record<string, unknown>;
  close(): Promise<void>;
}

/** Serves the package on 127.0.0.1, its descriptor as Annex A wants it (RA-01). */
export async function servePackage(): Promise<PlaceOfPackage> {
  const answers = Object.entries(FILES).map(([name, type]) => {
    const content = readFileSync(join(__dirname, 'package', name));
    return [`/${name}`, bytes(content, type)] as const;
  });
  const origin = await startOrigin(Object.fromEntries(answers));
  return {
    choose: { package: `${origin.url}package.ovf` },
    fetch: { hosts: [`127.0.0.1:${origin.port}`], schemes: ['http'], addresses: ['127.0.0.1/32'] },
    close: () => origin.close(),
  };
}
