import { Keyring, newKeyringLine, parseKeyring, systemChance } from '../../platform';
import { PasswordHasher } from './password-hasher';

it('PWD-02 one hash at a time, and whoever would wait longer than a second is sent away', async () => {
  const parsed = parseKeyring(newKeyringLine(systemChance));
  if ('fault' in parsed) throw new Error(parsed.fault);
  const hasher = new PasswordHasher(new Keyring(parsed.keys, systemChance), 1);
  // More than any machine hashes in a second.
  const ends = await Promise.allSettled(Array.from({ length: 2000 }, () => hasher.hash('a password')));
  const refused = ends.filter((end) => end.status === 'rejected').map((end) => end.reason as unknown);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length).toBeLessThan(2000);
  for (const reason of refused) expect(reason).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
});
