// A self-signed certificate for a test's server. It writes DER itself (ITU-T X.690, RFC 5280), because Node makes
// keys and signatures, but no certificates.

import { generateKeyPairSync, sign } from 'node:crypto';

/** Key and certificate in PEM, as TLS servers take them. Clients must skip verification. */
export function selfSigned(name: string): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const day = 86_400_000;
  const subject = sequence(tlv(0x31, sequence(commonName, tlv(0x0c, Buffer.from(name)))));
  const validity = sequence(time(Date.now() - day), time(Date.now() + day));
  const body = sequence(tlv(0x02, Buffer.from([1])), ecdsaWithSha256, subject, validity, subject, spki);
  const signature = tlv(0x03, Buffer.from([0]), sign('sha256', body, privateKey));
  const base64 = sequence(body, ecdsaWithSha256, signature).toString('base64');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${base64.match(/.{1,64}/g)!.join('\n')}\n-----END CERTIFICATE-----\n`,
  };
}

function tlv(tag: number, ...content: Buffer[]): Buffer {
  const value = Buffer.concat(content);
  const { length: size } = value;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), value]);
}

const sequence = (...content: Buffer[]): Buffer => tlv(0x30, ...content);
const time = (ms: number): Buffer =>
  tlv(0x17, Buffer.from(`${new Date(ms).toISOString().replace(/\D/g, '').slice(2, 14)}Z`));
// 2.5.4.3 and 1.2.840.10045.4.3.2
const commonName = tlv(0x06, Buffer.from('550403', 'hex'));
const ecdsaWithSha256 = sequence(tlv(0x06, Buffer.from('2a8648ce3d040302', 'hex')));
