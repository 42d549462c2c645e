import { createSign } from 'node:crypto';

/** Key and certificate of a maker of packages that is none: made for these tests by `openssl req -new -x509`. */
const KEY = [
  '-----BEGIN PRIVATE KEY-----',
  'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg02DSpm0Vx6esmA80',
  'zg7zPDXoc0MMWes+zMFDCWJz7qqhRANCAASju4S+n1Nt4PH2kbZk5ZdcgDlppfOv',
  'F8NqK/k6pEi80mr3wewWNnEC6XepnoYN4D4mQKeOn+thxQUjomwHR1Eg',
  '-----END PRIVATE KEY-----',
].join('\n');
const CERTIFICATE = [
  '-----BEGIN CERTIFICATE-----',
  'MIIBxzCCAW2gAwIBAgIUEDV/dFhu2dU72CG1HtkN2dzEY0swCgYIKoZIzj0EAwIw',
  'ODELMAkGA1UEBhMCREUxFzAVBgNVBAoMDkV4YW1wbGUgSW1hZ2VzMRAwDgYDVQQD',
  'DAdSZWxlYXNlMCAXDTI2MTIwMTAyMzYxOVoYDzIxMjYxMTA3MDIzNjE5WjA4MQsw',
  'CQYDVQQGEwJERTEXMBUGA1UECgwORXhhbXBsZSBJbWFnZXMxEDAOBgNVBAMMB1Jl',
  'bGVhc2UwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASju4S+n1Nt4PH2kbZk5Zdc',
  'gDlppfOvF8NqK/k6pEi80mr3wewWNnEC6XepnoYN4D4mQKeOn+thxQUjomwHR1Eg',
  'o1MwUTAdBgNVHQ4EFgQU66N+63CCpsO0g1EpxUFxsnTGGjgwHwYDVR0jBBgwFoAU',
  '66N+63CCpsO0g1EpxUFxsnTGGjgwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQD',
  'AgNIADBFAiEA05ldx9sXyH+K7zhCGr+/Ic4vri7fA/AR2p0NQ5bBOKQCIA/eQrGG',
  'paKffaDbX9P/NTV8hwg701u7pFB+7rvr3qF4',
  '-----END CERTIFICATE-----',
].join('\n');

/** Subject of the certificate, on one line. */
export const SIGNER = 'CN=Release, O=Example Images, C=DE';

/** Certificate of a package (DSP0243 6.1): the signature of its manifest, and whose key made it. @param name of the manifest's file */
export function signatureOf(manifest: string, name: string): string {
  return `SHA256(${name})= ${createSign('sha256').update(manifest).sign(KEY, 'hex')}\n${CERTIFICATE}\n`;
}
