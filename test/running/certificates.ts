/** Certificates of a maker that is none, for 127.0.0.1 until 2126: made for these tests by `openssl req` and `openssl x509`. */
export const AUTHORITY = [
  '-----BEGIN CERTIFICATE-----',
  'MIIBhzCCAS2gAwIBAgIUXQqX+2VqIldvOfxoOOXTm+4vomUwCgYIKoZIzj0EAwIw',
  'GDEWMBQGA1UEAwwNQ0lNSSB0ZXN0cyBDQTAgFw0yNjEyMDEyMTQ3MjBaGA8yMTI2',
  'MTEwNzIxNDcyMFowGDEWMBQGA1UEAwwNQ0lNSSB0ZXN0cyBDQTBZMBMGByqGSM49',
  'AgEGCCqGSM49AwEHA0IABGyfdbm4fDpgOlE5l7M4YPEHTnIp1FSRRfONbgilOpyH',
  'Vf2DnVu77aHQp6LUvEwuZKBfG82tGZEwY8AX0V8k44ajUzBRMB0GA1UdDgQWBBTW',
  'NnNZjW+YepzxMZzOdsVbr48E6jAfBgNVHSMEGDAWgBTWNnNZjW+YepzxMZzOdsVb',
  'r48E6jAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIAMozVosA7fQ',
  'HDvzngaskjfhj+pZGQ1uijy/9EwHr7RSAiEA1KyRU8VeRXLd7aJXyXpr/0ZNy6Jo',
  'i9zhTbEP3PpYC40=',
  '-----END CERTIFICATE-----',
].join('\n');

/** The first certificate of a server, and its key. */
export const ONE = {
  cert: [
    '-----BEGIN CERTIFICATE-----',
    'MIIBfTCCASOgAwIBAgIUPzZi3GGDOTGuBZ8rWBwnEfUSSoEwCgYIKoZIzj0EAwIw',
    'GDEWMBQGA1UEAwwNQ0lNSSB0ZXN0cyBDQTAgFw0yNjEyMDEyMTQ3MjFaGA8yMTI2',
    'MTEwNzIxNDcyMVowDjEMMAoGA1UEAwwDb25lMFkwEwYHKoZIzj0CAQYIKoZIzj0D',
    'AQcDQgAEpSJgHOA11eyZ9L/K+ejMihd+cvMiO7JbgEnIW4o8fh1hrLreZ44lUsYs',
    'y8XnrzYcAVTvYqPJXEZ80nFhhiaLsaNTMFEwDwYDVR0RBAgwBocEfwAAATAdBgNV',
    'HQ4EFgQUM595RhTxf7CZ30v7jmbied09rdIwHwYDVR0jBBgwFoAU1jZzWY1vmHqc',
    '8TGcznbFW6+PBOowCgYIKoZIzj0EAwIDSAAwRQIgeDKWyfHS6jJ0lmuAK/l2aLrL',
    'DmHBTBEoMbJ4+bkQo0sCIQD3ge6M6o66Zm3UQcUl5Qb4Sp5Ys0lfGX8/w3IMc/vI',
    '2Q==',
    '-----END CERTIFICATE-----',
  ].join('\n'),
  key: [
    '-----BEGIN PRIVATE KEY-----',
    'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg4R7eF8mgxYtJhEer',
    'p0tlO3xq7iXziuLPFiACvsOZpcKhRANCAASlImAc4DXV7Jn0v8r56MyKF35y8yI7',
    'sluASchbijx+HWGsut5njiVSxizLxeevNhwBVO9io8lcRnzScWGGJoux',
    '-----END PRIVATE KEY-----',
  ].join('\n'),
};

/** Another one of it. */
export const TWO = {
  cert: [
    '-----BEGIN CERTIFICATE-----',
    'MIIBfjCCASOgAwIBAgIUPzZi3GGDOTGuBZ8rWBwnEfUSSoIwCgYIKoZIzj0EAwIw',
    'GDEWMBQGA1UEAwwNQ0lNSSB0ZXN0cyBDQTAgFw0yNjEyMDEyMTQ3MjFaGA8yMTI2',
    'MTEwNzIxNDcyMVowDjEMMAoGA1UEAwwDdHdvMFkwEwYHKoZIzj0CAQYIKoZIzj0D',
    'AQcDQgAEQQF+EOrBQwpv+srf6j3xD/3MqV+h3u54PWjxptW/Q1BbV0uKbuQoVkSd',
    'r3najSiDxhQEQKK9vOon/wGX09JR5aNTMFEwDwYDVR0RBAgwBocEfwAAATAdBgNV',
    'HQ4EFgQU74GxrQfT/KhJmkuJQiatU63CpEcwHwYDVR0jBBgwFoAU1jZzWY1vmHqc',
    '8TGcznbFW6+PBOowCgYIKoZIzj0EAwIDSQAwRgIhAIRrQTxEzUWLQjT4lD+0Jey8',
    'hZ5LSCeJCqkS6IK3WzZJAiEAtv4+5WSFcRDPiTFG6g3mqodhJq6JMW6Mk/uu21J7',
    '0Wg=',
    '-----END CERTIFICATE-----',
  ].join('\n'),
  key: [
    '-----BEGIN PRIVATE KEY-----',
    'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgo47U70DuxoEqXC7B',
    'Bx51KD/I4neWnTlrp3Hz+BxJVP2hRANCAARBAX4Q6sFDCm/6yt/qPfEP/cypX6He',
    '7ng9aPGm1b9DUFtXS4pu5ChWRJ2vedqNKIPGFARAor286if/AZfT0lHl',
    '-----END PRIVATE KEY-----',
  ].join('\n'),
};

/** A client's. */
export const CLIENT = {
  cert: [
    '-----BEGIN CERTIFICATE-----',
    'MIIBgTCCASagAwIBAgIUPzZi3GGDOTGuBZ8rWBwnEfUSSoMwCgYIKoZIzj0EAwIw',
    'GDEWMBQGA1UEAwwNQ0lNSSB0ZXN0cyBDQTAgFw0yNjEyMDEyMTQ3MjFaGA8yMTI2',
    'MTEwNzIxNDcyMVowETEPMA0GA1UEAwwGY2xpZW50MFkwEwYHKoZIzj0CAQYIKoZI',
    'zj0DAQcDQgAEIQUIAKnTNdY5wJba4rfcJmse81rmrtM/c6GdU1zUrMQ0FCY5WJWr',
    'u+dipTHZF5mnLJ77XA2Z6Qf23ZwK68Q/jqNTMFEwDwYDVR0RBAgwBocEfwAAATAd',
    'BgNVHQ4EFgQUkjlCbxKDxfyWQR+LKg1SADmrEkUwHwYDVR0jBBgwFoAU1jZzWY1v',
    'mHqc8TGcznbFW6+PBOowCgYIKoZIzj0EAwIDSQAwRgIhAKOcAp6Z/a+nWImAnGq8',
    'Ei/dODybcTG9cmwrg76TUZN1AiEAjH+RRg1d3klFHILROwuUywE1ApmXzz0xwr51',
    '/2msjgc=',
    '-----END CERTIFICATE-----',
  ].join('\n'),
  key: [
    '-----BEGIN PRIVATE KEY-----',
    'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgWRxC6jSfMFukhI3I',
    '7TOI6fIkZqpA6RrMX1zoB+XuKyahRANCAAQhBQgAqdM11jnAltrit9wmax7zWuau',
    '0z9zoZ1TXNSsxDQUJjlYlau752KlMdkXmacsnvtcDZnpB/bdnArrxD+O',
    '-----END PRIVATE KEY-----',
  ].join('\n'),
};
