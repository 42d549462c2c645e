import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A port of 127.0.0.1 that leads to a server, which may be another one later. */
export interface Forwarder {
  readonly port: number;
  /** Breaks every connection, and leads new ones to this port. */
  leadTo(port: number): void;
  /** Breaks from now on every connection whose client says these words: they arrive, the answer does not. Undefined: none any more. */
  cutAfter(words: RegExp | undefined): void;
  close(): void;
}

/** Starts a forwarder of TCP. @param to port of 127.0.0.1 that it leads to at first */
export async function startForwarder(to: number): Promise<Forwarder> {
  const sockets = new Set<Socket>();
  let target = to;
  let words: RegExp | undefined;
  const breakAll = (): void => sockets.forEach((socket) => socket.destroy());
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    far.on('data', (answer) => near.write(answer)).on('close', () => near.destroy());
    near
      .on('data', (asked) => {
        if (words?.test(asked.toString('latin1'))) far.removeAllListeners('data').once('data', () => near.destroy());
        far.write(asked);
      })
      .on('close', () => far.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    leadTo: (port) => {
      target = port;
      breakAll();
    },
    cutAfter: (these) => void (words = these),
    close: () => {
      breakAll();
      server.close();
    },
  };
}
