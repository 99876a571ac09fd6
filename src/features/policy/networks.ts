import { BlockList, isIP } from 'node:net';

/** One look-up for each list of CIDR blocks: made once for as long as the list lives, since it may hold thousands. */
const lookUps = new WeakMap<readonly string[], BlockList>();

/** Whether one of the CIDR blocks holds the address. */
export function isInNetworks(ipAddress: string | null, networks: readonly string[]): boolean {
  const family = isIP(ipAddress ?? '');
  if (ipAddress === null || family === 0 || networks.length === 0) return false;
  let lookUp = lookUps.get(networks);
  if (!lookUp) {
    lookUp = new BlockList();
    for (const network of networks) addTo(lookUp, network);
    lookUps.set(networks, lookUp);
  }
  return lookUp.check(ipAddress, family === 6 ? 'ipv6' : 'ipv4');
}

/** Whether the text is a CIDR block, or a single address. */
export const isNetwork = (text: string): boolean => addTo(new BlockList(), text);

function addTo(list: BlockList, network: string): boolean {
  const [address = '', prefix, ...rest] = network.split('/');
  const family = isIP(address);
  const bits = family === 6 ? 128 : 32;
  if (family === 0 || rest.length > 0 || (prefix !== undefined && !/^\d{1,3}$/.test(prefix))) return false;
  const length = prefix === undefined ? bits : Number(prefix);
  if (length > bits) return false;
  list.addSubnet(address, length, family === 6 ? 'ipv6' : 'ipv4');
  return true;
}
