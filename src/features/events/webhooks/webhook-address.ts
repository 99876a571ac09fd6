import { BlockList, isIP } from 'node:net';
import { isPublicAddress } from '../../../delivery';

/** Link-local (where clouds keep their metadata), unspecified, multicast and broadcast: no receiver lives there. */
const NEVER_4 = ['0.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'];
const NEVER_6 = ['::/128', 'fe80::/10', 'ff00::/8', 'fd00:ec2::254/128'];
const LOOPBACK_4 = ['127.0.0.0/8'];
const LOOPBACK_6 = ['::1/128'];

interface Reach {
  readonly privateNetworks: readonly string[];
  /** This machine may be reached, and without TLS. */
  readonly isLoopbackAllowed: boolean;
}

/** Which addresses a webhook may lead to. What is not on the public internet is refused unless it is named. */
export class WebhookAddresses {
  private readonly allowed: readonly [BlockList, BlockList];

  constructor(private readonly reach: Reach) {
    this.allowed = listsOf(reach.privateNetworks);
  }

  /** Why nothing is sent to this URL, whatever its name stands for; undefined if it may be tried. */
  faultOf(url: URL): string | undefined {
    if (url.username !== '' || url.password !== '') return 'must not hold a user name or password';
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const isLocal = this.reach.isLoopbackAllowed && (host === 'localhost' || isLoopback(host));
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLocal)) return 'must be https';
    return isIP(host) > 0 && !this.isReachable(host) ? 'is no public address' : undefined;
  }

  /** Whether a connection to this IP address may be made. */
  isReachable(address: string): boolean {
    if (isPublicAddress(address)) return true;
    if (isIn(NEVER, address)) return false;
    return (this.reach.isLoopbackAllowed && isLoopback(address)) || isIn(this.allowed, address);
  }
}

export const isNetwork = (text: string): boolean => {
  const [address = '', bits = '', ...more] = text.split('/');
  const family = isIP(address);
  return (
    family > 0 && more.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)
  );
};

/** A network that holds an address which is never reached, or lies among those. */
export const overlapsNeverReached = (network: string): boolean => {
  if (!isNetwork(network)) return false;
  const lists = listsOf([network]);
  const [address = ''] = network.split('/');
  const never = [...NEVER_4, ...NEVER_6].map((entry) => entry.split('/')[0] ?? '');
  return isIn(NEVER, address) || never.some((one) => isIn(lists, one));
};

const isLoopback = (address: string): boolean => isIn(LOOPBACK, address);

/** By family: Node matches mapped addresses against the rules of the other family as well. */
function listsOf(networks: readonly string[]): readonly [BlockList, BlockList] {
  const lists = [new BlockList(), new BlockList()] as const;
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const isFour = isIP(address) === 4;
    lists[isFour ? 0 : 1].addSubnet(address, Number(bits), isFour ? 'ipv4' : 'ipv6');
  }
  return lists;
}

const NEVER = listsOf([...NEVER_4, ...NEVER_6]);
const LOOPBACK = listsOf([...LOOPBACK_4, ...LOOPBACK_6]);

function isIn([four, six]: readonly [BlockList, BlockList], address: string): boolean {
  const family = isIP(address);
  if (family === 4) return four.check(address, 'ipv4');
  return family === 6 && six.check(address, 'ipv6');
}
