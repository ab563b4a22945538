import { describe, expect, it } from 'vitest';
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { guardLookup, Forbidden, type Resolve } from '../../src/webhooks/guarded-connect.ts';
import { isPublicAddress } from '../../src/webhooks/public-address.ts';
import { readUrl } from '../../src/webhooks/read-url.ts';

const inside: Record<string, readonly string[]> = {
  unspecified: ['0.0.0.0', '0.1.2.3', '::'],
  loopback: ['127.0.0.1', '127.255.255.254', '::1'],
  private: ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
  'shared by a carrier': ['100.64.0.1', '100.127.255.255', '100.100.100.200'],
  'link-local, and metadata there': ['169.254.0.1', '169.254.169.254', '169.254.170.2', 'fe80::1', 'fe80::1%eth0'],
  'unique local, and metadata there': ['fc00::1', 'fd12:3456::1', 'fd00:ec2::254'],
  'site-local': ['fec0::1'],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1'],
  broadcast: ['255.255.255.255'],
  reserved: ['192.0.0.192', '192.0.2.1', '192.88.99.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '240.0.0.1', '2001:db8::1', '100::1'],
  'metadata at a public address': ['168.63.129.16'],
  'IPv4-mapped': ['::ffff:127.0.0.1', '::ffff:169.254.169.254', '::ffff:8.8.8.8', '::ffff:7f00:1'],
  'IPv4-translated': ['::ffff:0:127.0.0.1'],
  'IPv4-compatible': ['::127.0.0.1', '::7f00:1'],
  NAT64: ['64:ff9b::127.0.0.1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::a9fe:a9fe'],
  '6to4': ['2002:7f00:1::', '2002:a9fe:a9fe::1'],
  Teredo: ['2001::1'],
  'not an address': ['', 'localhost', '127.1', '0x7f.0.0.1', '2130706433', '0177.0.0.1', '8.8.8.8 ', '1.2.3.4.5', '[::1]', ':::'],
};

describe('a public address', () => {
  it.each(Object.entries(inside).flatMap(([kind, all]) => all.map((address) => [kind, address] as const)))(
    'is not %s: %s',
    (_, address) => {
      expect(isPublicAddress(address)).toBe(false);
    },
  );

  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '172.15.255.255',
    '172.32.0.1',
    '100.63.255.255',
    '100.128.0.0',
    '223.255.255.255',
    '2606:4700:4700::1111',
    '2a00:1450:4001:81b::200e',
  ])('is %s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
});

const none: ReadonlySet<string> = new Set();

describe('the address of a webhook', () => {
  it.each([
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://0/',
    'https://１２７.0.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://[::1]/',
    'https://[0:0:0:0:0:ffff:127.0.0.1]/',
    'https://[::ffff:a9fe:a9fe]/',
    'https://[64:ff9b::7f00:1]/',
    'https://10.0.0.1:8443/',
    'http://hooks.example.com/',
    'ftp://hooks.example.com/',
    'file:///etc/passwd',
    'https://user@hooks.example.com/',
    'https://user:password@hooks.example.com/',
    'https://:password@hooks.example.com/',
    'https://',
    'hooks.example.com/x',
    'javascript:alert(1)',
    `https://hooks.example.com/${'ä'.repeat(500)}`,
    '',
  ])('is refused: %s', (url) => {
    expect(readUrl(url, none)).toMatchObject({ ok: false, rejection: { code: 'invalid-value', field: 'url' } });
  });

  it('has one spelling', () => {
    expect(readUrl('HTTPS://Hooks.Example.com:443/a/../b?c=d#e', none)).toEqual({ ok: true, value: 'https://hooks.example.com/b?c=d' });
    expect(readUrl('https://8.8.8.8', none)).toEqual({ ok: true, value: 'https://8.8.8.8/' });
  });

  it('may be anywhere, and without TLS, where the host is allowed by name', () => {
    const allowed = new Set(['hooks.internal', '127.0.0.1']);
    expect(readUrl('http://hooks.internal:8080/x', allowed).ok).toBe(true);
    expect(readUrl('http://127.1:8080/x', allowed)).toEqual({ ok: true, value: 'http://127.0.0.1:8080/x' });
    for (const other of ['http://hooks.internal./x', 'http://a.hooks.internal/', 'http://hooks.internal@example.com/', 'http://127.0.0.2/'])
      expect(readUrl(other, allowed).ok, other).toBe(false);
  });
});

/** What the socket gets to connect to. */
function lookUp(lookup: LookupFunction, hostname: string, all: boolean): Promise<string | readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(hostname, { all }, (error, address) => (error === null ? resolve(address) : reject(error)));
  });
}

describe('a look-up', () => {
  const four = (address: string): LookupAddress => ({ address, family: 4 });

  it('is checked each time, and what was checked is what is connected to', async () => {
    const told = [[four('8.8.8.8')], [four('127.0.0.1')], [four('8.8.8.8'), four('127.0.0.1')]];
    let asked = 0;
    const resolve: Resolve = (_, answer) => answer(null, told[asked++] ?? []);
    const lookup = guardLookup(resolve, none);
    expect(await lookUp(lookup, 'rebinding.example.com', true)).toEqual([four('8.8.8.8')]);
    expect(asked).toBe(1);
    await expect(lookUp(lookup, 'rebinding.example.com', true)).rejects.toBeInstanceOf(Forbidden);
    await expect(lookUp(lookup, 'rebinding.example.com', false)).rejects.toBeInstanceOf(Forbidden);
    await expect(lookUp(lookup, 'rebinding.example.com', false)).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  it('passes on what the resolver says', async () => {
    const lookup = guardLookup((_, answer) => answer(Object.assign(new Error('no'), { code: 'EAI_AGAIN' }), []), none);
    await expect(lookUp(lookup, 'hooks.example.com', true)).rejects.toMatchObject({ code: 'EAI_AGAIN' });
  });

  it('leads anywhere where the host is allowed by name', async () => {
    const lookup = guardLookup((_, answer) => answer(null, [four('10.0.0.1')]), new Set(['hooks.internal']));
    expect(await lookUp(lookup, 'hooks.internal', false)).toBe('10.0.0.1');
    await expect(lookUp(lookup, 'other.internal', false)).rejects.toBeInstanceOf(Forbidden);
  });
});
