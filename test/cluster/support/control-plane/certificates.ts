import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';
import {
  bits,
  boolean,
  type Der,
  identifier,
  implicit,
  integer,
  octets,
  sequence,
  set,
  tagged,
  time,
  utf8,
} from './der.ts';

/** A key and its certificate, both as PEM. */
export interface KeyPair {
  readonly key: string;
  readonly certificate: string;
}

interface Issuer {
  readonly name: string;
  readonly key: KeyObject;
}

const ECDSA_SHA256 = sequence(identifier('1.2.840.10045.4.3.2'));
const COMMON_NAME = '2.5.4.3';
const BASIC_CONSTRAINTS = '2.5.29.19';
const KEY_USAGE = '2.5.29.15';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const ALTERNATIVE_NAMES = '2.5.29.17';
const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';
const DAY_MS = 86_400_000;

/** An authority of its own for one cluster, which lives as long as the tests. */
export class Authority {
  readonly certificate: string;
  readonly #issuer: Issuer;

  constructor(name: string, now: number) {
    const { privateKey, publicKey } = newKey();
    this.#issuer = { name, key: privateKey };
    // Bits of KeyUsage: keyCertSign (5) and cRLSign (6).
    const extensions = [
      extension(BASIC_CONSTRAINTS, true, sequence(boolean(true))),
      extension(KEY_USAGE, true, bits(Buffer.from([0x06]), 1)),
    ];
    this.certificate = issue(this.#issuer, name, publicKey, extensions, now);
  }

  /** For a server with these host names and IPv4 addresses. */
  issueFor(name: string, hosts: readonly string[], now: number): KeyPair {
    const { privateKey, publicKey } = newKey();
    const extensions = [
      // digitalSignature (0).
      extension(KEY_USAGE, true, bits(Buffer.from([0x80]), 7)),
      extension(EXTENDED_KEY_USAGE, false, sequence(identifier(SERVER_AUTHENTICATION))),
      extension(ALTERNATIVE_NAMES, false, sequence(...hosts.map(alternativeName))),
    ];
    const certificate = issue(this.#issuer, name, publicKey, extensions, now);
    return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), certificate };
  }
}

/** Positive and in its shortest form, as DER wants it: what begins with a zero byte is refused. */
function serialNumber(): Buffer {
  return Buffer.concat([Buffer.from([1]), randomBytes(15)]);
}

function issue(issuer: Issuer, subject: string, publicKey: KeyObject, extensions: readonly Der[], now: number): string {
  const body = sequence(
    tagged(0, integer(Buffer.from([2]))),
    integer(serialNumber()),
    ECDSA_SHA256,
    distinguishedName(issuer.name),
    sequence(time(now - DAY_MS), time(now + 30 * DAY_MS)),
    distinguishedName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(3, sequence(...extensions)),
  );
  const certificate = sequence(body, ECDSA_SHA256, bits(sign('sha256', body, issuer.key)));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function distinguishedName(commonName: string): Der {
  return sequence(set(sequence(identifier(COMMON_NAME), utf8(commonName))));
}

function extension(id: string, isCritical: boolean, value: Der): Der {
  return sequence(identifier(id), ...(isCritical ? [boolean(true)] : []), octets(value));
}

/** GeneralName: 7 is an address, 2 a host name. */
function alternativeName(host: string): Der {
  return isIPv4(host) ? implicit(7, Buffer.from(host.split('.').map(Number))) : implicit(2, Buffer.from(host));
}

function newKey(): { privateKey: KeyObject; publicKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}
