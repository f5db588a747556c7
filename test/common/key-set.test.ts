import test from 'ava';
import { exportJWK, generateKeyPair, type JWTHeaderParameters } from 'jose';
import { createKeySet } from '../../common/key-set.ts';

test('inv 9: key-set: keeps loaded keys during an outage, also after an unknown key', async (t) => {
  const { publicKey } = await generateKeyPair('EdDSA');
  const manager = { away: false };
  let now = 0;
  const keys = createKeySet({
    fetchKeys: async () => {
      if (manager.away) throw new Error('away');
      return { keys: [{ ...(await exportJWK(publicKey)), kid: 'known', alg: 'EdDSA' }] };
    },
    now: () => now,
  });
  const getKey = async (kid: string) => {
    const header: JWTHeaderParameters = { alg: 'EdDSA', kid };
    return keys.getKey(header, { payload: '', signature: '' });
  };
  await keys.refresh();
  manager.away = true;
  now = 60_000;
  await t.throwsAsync(getKey('unknown'), { message: 'away' });
  t.true(keys.loaded);
  t.truthy(await getKey('known'));
});
