import { BlockList, isIP } from 'node:net';

/** The first of the CIDR blocks that holds the address, or undefined. */
export function networkOf(ipAddress: string | null, networks: readonly string[]): string | undefined {
  const family = isIP(ipAddress ?? '');
  if (ipAddress === null || family === 0) return undefined;
  return networks.find((network) => blockOf(network)?.check(ipAddress, family === 6 ? 'ipv6' : 'ipv4'));
}

/** Whether the text is a CIDR block, or a single address. */
export const isNetwork = (text: string): boolean => blockOf(text) !== undefined;

/** Parsed once: a list may hold thousands of blocks. */
const parsed = new Map<string, BlockList | undefined>();
const PARSED_MAX = 10_000;

function blockOf(network: string): BlockList | undefined {
  if (!parsed.has(network)) {
    if (parsed.size >= PARSED_MAX) parsed.clear();
    parsed.set(network, parse(network));
  }
  return parsed.get(network);
}

function parse(network: string): BlockList | undefined {
  const [address = '', prefix, ...rest] = network.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0 || (prefix !== undefined && !/^\d{1,3}$/.test(prefix)))
    return undefined;
  const length = prefix === undefined ? (family === 6 ? 128 : 32) : Number(prefix);
  if (length > (family === 6 ? 128 : 32)) return undefined;
  const block = new BlockList();
  block.addSubnet(address, length, family === 6 ? 'ipv6' : 'ipv4');
  return block;
}
