import { createSecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls';

/** TLS of the listener: texts in PEM. */
export interface TlsConfig {
  cert: string;
  key: string;
  /** Certificates of which one must have signed that of every client. */
  clientCa?: string | undefined;
  minVersion: 'TLSv1.2' | 'TLSv1.3';
}

/** Makes the options of an https server. @throws Error in words where certificate and key cannot be used */
export function tlsOptions(config: TlsConfig): TlsOptions {
  const mutual = config.clientCa === undefined ? {} : { requestCert: true, rejectUnauthorized: true };
  return { ...contextOf(config), ...mutual };
}

/** Makes the part that a listening server can be given anew. @throws Error in words where certificate and key cannot be used */
export function contextOf({ cert, key, clientCa, minVersion }: TlsConfig): SecureContextOptions {
  const options: SecureContextOptions = { cert, key, minVersion, ...(clientCa === undefined ? {} : { ca: clientCa }) };
  try {
    createSecureContext(options);
  } catch (error) {
    // OpenSSL's words name no contents.
    throw new Error(`server.tls can't be used: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  return options;
}
