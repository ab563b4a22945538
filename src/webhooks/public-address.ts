import ipaddr from 'ipaddr.js';

/** Public by its range, and yet answered by the machine below: where Azure's host agent gives out credentials. */
const infrastructure = new Set(['168.63.129.16']);

/** All that has been given out as global unicast; every form that carries an IPv4 address lies outside, or has a range of its own. */
const globalUnicast: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3];

/**
 * Is this the address of a machine on the public Internet? False for everything else, whatever the reason: loopback, private, shared, link-local (where
 * clouds keep their metadata), multicast, reserved, and IPv6 forms that stand for an IPv4 address.
 * @param address  as a resolver writes it: four decimal numbers, or IPv6 without brackets
 */
export function isPublicAddress(address: string): boolean {
  if (ipaddr.IPv4.isValidFourPartDecimal(address)) return ipaddr.IPv4.parse(address).range() === 'unicast' && !infrastructure.has(address);
  if (!ipaddr.IPv6.isValid(address) || address.includes('%')) return false;
  const six = ipaddr.IPv6.parse(address);
  return six.match(globalUnicast) && six.range() === 'unicast';
}
