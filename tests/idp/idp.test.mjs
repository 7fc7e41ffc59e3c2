// What only real providers show: that their tokens are accepted as they come, that their keys may change,
// vanish and be garbage under load, and that neither can speak for the other.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { SignJWT, importJWK, decodeJwt, decodeProtectedHeader } from 'jose';
import { ask, expect } from '../api/harness.mjs';
import { Client, World, lists, outageSeconds, refreshSeconds, secret } from './world.mjs';
import { assertion, newKey, publicOf, until } from './shared.mjs';
import { beside, outages } from './relay.mjs';

let world;
before(async () => { world = await World.make(process.env.IDP_FOLDER); });
after(() => world?.end());

const all = (wanted) => Object.keys(lists).map(() => wanted);
const everywhere = async (who, wanted, what) => assert.deepEqual(await world.statuses(who), all(wanted), what);

// A token of `like`, signed anew by `key` with these changes; undefined takes a claim away.
async function forge(like, key, claims = {}, header = {}) {
  const whole = JSON.parse(JSON.stringify({ ...decodeJwt(await like.token()), jti: randomUUID(), ...claims }));
  return new SignJWT(whole).setProtectedHeader({ ...decodeProtectedHeader(await like.token()), alg: key.alg, kid: key.kid,
    ...header }).sign(await importJWK(key, key.alg));
}

// Work by one client of each provider while something is done; nothing of it may be lost.
async function underWork(clients, doing) {
  const ends = clients.map((client) => world.work(client));
  let loads;
  try { await doing(); } finally { loads = await Promise.all(ends.map((end) => end())); }
  for (const load of loads) {
    assert.deepEqual(load.lost.slice(0, 5), [], `${load.lost.length} of ${load.done} requests were lost`);
  }
  return loads.reduce((sum, load) => sum + load.done, 0);
}

test('clients of both, by secret and by private_key_jwt (RS512), are believed by every service', async () => {
  for (const client of [world.signedA, world.signedB, world.twinA, world.twinB]) await everywhere(client, 200,
    `${client.id} of ${client.provider.name}`);
  assert.deepEqual([decodeProtectedHeader(await world.signedA.token()).alg, decodeProtectedHeader(await world.signedB.token()).alg], ['ES256',
    'RS512']);
});

test('what a client proves itself by is no access token, and its key none of the provider', async () => {
  for (const client of [world.signedA, world.signedB]) {
    const statement = (await assertion(client.id, client.credentials.key, client.provider.issuer, 'RS512')).client_assertion;
    await everywhere(statement, 'unauthenticated');
    await everywhere(await forge(client, client.credentials.key), 'unauthenticated');
  }
});

test('a provider speaks for its own organisations only', async () => {
  const strangers = [await world.client(world.a, 'claims-zz2', { secret }, 'ZZ2'), await world.client(world.b, 'claims-zz1', { secret }, 'ZZ1'),
    await world.client(world.a, 'claims-zz3', { secret }, 'ZZ3')];
  for (const client of strangers) {
    const problems = await world.statuses(client, { problems: true });
    for (const problem of problems) {
      assert.deepEqual([problem?.code, problem?.detail], ['UNAUTHENTICATED', 'the token names an organisation that its issuer may not speak for'],
        client.id);
    }
  }
});

test('an organisation is its code and nothing that looks like it', async () => {
  const looks = ['zz2', 'Zz2', ' ZZ2', 'ZZ2 ', 'ZZ2\n', 'ZZ2\u0000', 'ＺＺ２', 'ΖΖ2', 'ZZ2\u200b', 'ZZ2\u0301', 'ZZ2,ZZ1', 'ZZ2;ZZ1', '*', '', 'ZZ',
    'ZZ20000000000', ['ZZ2'], ['ZZ1', 'ZZ2'], { ods: 'ZZ2' }, 2, true, null];
  for (const organisation of looks) {
    // through the provider itself, which hands out what its registry says
    const client = await world.client(world.b, `looks-${looks.indexOf(organisation)}`, { secret });
    world.b.clients.get(client.id).organisation = organisation;
    assert.deepEqual((await world.statuses(client)).filter((status) => status !== 'unauthenticated'), [], JSON.stringify(organisation));
  }
});

test('neither provider signs for the other, not by a key of the same id', async () => {
  const [keyA, keyB] = [world.keysA[0], world.keysB[0]];
  assert.equal(keyA.kid, keyB.kid);
  await everywhere(await forge(world.twinB, keyA), 'unauthenticated', 'a token of B signed by A');
  await everywhere(await forge(world.twinA, keyB), 'unauthenticated', 'a token of A signed by B');
  await everywhere(await forge(world.twinB, world.keysB[1], { iss: world.a.issuer }), 'unauthenticated');
  await everywhere(await forge(world.twinA, keyA, { iss: world.b.issuer, organisation: 'ZZ2' }), 'unauthenticated');
  await everywhere(await forge(world.twinA, keyA, { iss: [world.a.issuer, world.b.issuer] }), 'unauthenticated');
  for (const look of ['/', '#', '?', ' ', '%20', '/.', '\u0000']) await everywhere(await forge(world.twinA, keyA, { iss: world.a.issuer + look }),
    'unauthenticated', look);
  await everywhere(await forge(world.twinA, keyA, { iss: world.a.issuer.toUpperCase() }), 'unauthenticated');
  await everywhere(await forge(world.twinA, keyA), 200, 'the same without any change');
});

test('equal subjects of two providers are two people', async () => {
  const values = (organisation) => ({ ...world.values, organisation });
  const vote = { values: values('ZZ1'), body: { choice: 'agree' } };
  // A's twin represents ZZ1; B's twin represents nobody, whomever it names
  await expect(200, world.twinA, 'castVote', { ...vote });
  for (const organisation of ['ZZ1', 'ZZ2']) await expect('role-missing', world.twinB, 'castVote', { ...vote, values: values(organisation) });
  const inboxes = await Promise.all([world.twinA, world.twinB].map((twin) => expect(200, twin, 'listAppointments', { values: world.values })));
  assert.deepEqual(inboxes[0].body.items.filter((one) => one.subject === 'twin').map((one) => one.issuer), [world.a.issuer]);
});

test('equal Idempotency-Keys of equal subjects are two', async () => {
  const key = randomUUID();
  const body = (twin) => ({ person: { issuer: twin.provider.issuer, subject: `of-${twin.provider.name}`, name: 'Somebody' }, role: 'finance-lead',
    organisation: twin.organisation });
  const mine = await ask(world.twinA, 'makeAppointment', { values: world.values, key, body: body(world.twinA) });
  const theirs = await ask(world.twinB, 'makeAppointment', { values: world.values, key, body: body(world.twinA) });
  assert.equal(mine.status, 201, mine.text);
  assert.equal(theirs.headers['idempotent-replayed'], undefined);
  assert.equal(theirs.slug, 'role-missing', theirs.text);
});

test('keys rotate under work: new ones are believed at once, withdrawn ones no longer, nothing is lost', async (t) => {
  const [oldA, oldB] = [new Client(world.a, 'zz1-signed', world.signedA.credentials), new Client(world.b, 'zz2-signed', world.signedB.credentials)];
  await Promise.all([oldA.token(), oldB.token()]); // of the keys that go
  const made = await underWork([world.signedA, world.signedB], async () => {
    for (const round of [2, 3]) {
      // what searched for a key of an unknown id just before (made-up, or of the last round) lets a new one wait
      await Promise.all([world.readAgain(world.twinA), world.readAgain(world.twinB)]);
      const [newA, newB] = [await newKey(`key-${round}`, 'ES256'), await newKey(`key-${round}`, 'RS512')];
      await world.a.keys([newA, ...world.keysA]); // signs with the new one from this moment
      await world.b.keys([newB, ...world.keysB]);
      for (const client of [world.twinA, world.twinB]) {
        await client.renew();
        assert.equal(decodeProtectedHeader(await client.token()).kid, `key-${round}`);
        await everywhere(client, 200, `a token of ${client.provider.name}'s new key`);
      }
      for (const client of [oldA, oldB]) await everywhere(client, 200, 'a token of a key that is still published');
      world.keysA = [newA, ...world.keysA];
      world.keysB = [newB, ...world.keysB];
    }
    world.keysA = world.keysA.slice(0, 1);
    world.keysB = world.keysB.slice(0, 1);
    await Promise.all([world.signedA, world.signedB].map((client) => client.renew()));
    await world.a.keys(world.keysA);
    await world.b.keys(world.keysB);
    const began = performance.now();
    for (const client of [oldA, oldB]) {
      await until(async () => (await world.statuses(client)).every((status) => status === 'unauthenticated'), 'withdrawn keys are refused', 60);
    }
    t.diagnostic(`withdrawn keys were refused everywhere after ${((performance.now() - began) / 1000).toFixed(1)} s`);
  });
  t.diagnostic(`${made} requests meanwhile, none lost`);
  await everywhere(world.twinA, 200);
});

test('outage: whatever comes instead of keys, what is known goes on', async (t) => {
  // each read, of whichever service, gets the next; each is served twice
  const served = new Map(Object.keys(outages).map((name) => [name, 0]));
  const end = world.relay.behave(world.a, (...args) => {
    const [name] = [...served].sort((one, other) => one[1] - other[1])[0];
    served.set(name, served.get(name) + 1);
    return outages[name](...args);
  });
  const failures = async () => (await world.metric('accord_issuer_keys_failures_total', world.a)).reduce((sum, count) => sum + count);
  const before = await failures();
  try {
    const made = await underWork([world.signedA], async () => {
      await until(async () => {
        await everywhere(world.twinA, 200);
        return [...served.values()].every((times) => times >= 2) && await failures() >= before + 2 * served.size;
      }, 'each was served twice, in vain', 120);
    });
    t.diagnostic(`${served.size} kinds of garbage and silence; ${made} requests meanwhile, none lost`);
  } finally { end(); }
  assert.equal(world.relay.strayed, 0, 'somebody went where the redirect pointed');
});

test('after all that, keys are read again, and nobody else was hindered', async () => {
  const failed = await world.metric('accord_issuer_keys_failures_total', world.b);
  assert.deepEqual(failed, all(0));
  await world.readAgain(world.twinA);
  await everywhere(world.twinA, 200);
});

test('keys that are none, beside the good ones: these go on, those sign nothing', async () => {
  const good = world.keysA[0];
  const weak = await newKey('weak', 'RS256').then(async () => ({ ...(await weakKey()), kid: 'weak', alg: 'RS256', use: 'sig' }));
  const [leaked, other, encrypting, twice, named, certified, none] = await Promise.all(['leaked', 'other', 'encrypting', good.kid, 'named',
    'certified', 'none'].map((kid) => newKey(kid, 'ES256')));
  const signing = await newKey('signing', 'ES256');
  const shared = { kty: 'oct', k: Buffer.from(secret.padEnd(64)).toString('base64url'), kid: 'shared', alg: 'HS256', use: 'sig' };
  const documentKeys = [publicOf(weak), leaked, { ...publicOf(other), alg: 'ES384' }, { ...publicOf(encrypting), use: 'enc' }, shared,
    { ...publicOf(none), alg: 'none' },
    { ...publicOf(named), kid: undefined }, { kid: 'certified', kty: 'EC', x5c: ['MIIB'], x5u: `${world.relay.base}/certificate` },
      { ...publicOf(signing), key_ops: ['sign'] },
    { ...publicOf(good), kid: 'off-curve', y: publicOf(good).x }, 7, null, 'key', [], {}, publicOf(twice)];
  const end = world.relay.behave(world.a, beside(...documentKeys));
  try {
    await underWork([world.signedA], async () => {
      await world.readAgain(world.twinA);
      for (const key of [leaked, other, encrypting, { ...none, kid: 'none' }, named, certified, signing, { ...good, kid: 'off-curve' }]) {
        await everywhere(await forge(world.twinA, key), 'unauthenticated', key.kid);
      }
      await everywhere(await forge(world.twinA, shared), 'unauthenticated', 'a shared secret');
      // of two keys of one id the first in the document counts
      await everywhere(await forge(world.twinA, twice), 'unauthenticated', 'the second key of an id');
      await everywhere(world.twinA, 200);
    });
  } finally { end(); }
  assert.equal(world.relay.strayed, 0, 'a certificate was fetched');
});

test('made-up key ids make nobody ask the provider more than now and then', async () => {
  const key = await newKey('made-up', 'ES256');
  const began = performance.now();
  const before = world.relay.count(world.a);
  for (let i = 0; i < 40; i++) await everywhere(await forge(world.twinA, { ...key, kid: `made-up-${i}` }), 'unauthenticated');
  const asked = world.relay.count(world.a) - before;
  // two reasons to ask, each at most every refreshSeconds and service
  const most = 5 * 2 * (1 + Math.ceil((performance.now() - began) / 1000 / refreshSeconds));
  assert.ok(asked <= most, `${asked} reads, more than ${most}, for 200 requests`);
});

test('an outage that outlasts what was agreed: not believed, not called forged, and well again by itself', async (t) => {
  await world.readAgain(world.twinB);
  const end = world.relay.behave(world.b, outages['a connection that is cut']);
  const began = performance.now();
  try {
    await underWork([world.signedA], async () => {
      const lasted = async () => (await world.statuses(world.twinB)).every((status) => status === 'unavailable');
      await until(lasted, 'keys are believed no longer', 90);
      const after = (performance.now() - began) / 1000;
      t.diagnostic(`believed for ${after.toFixed(1)} s of an outage, of ${outageSeconds['oidc-provider']} s after the last good answer`);
      assert.ok(after >= outageSeconds['oidc-provider'] - 2 * refreshSeconds, `given up after ${after} s`);
      const answer = await ask(null, 'listRisks', { values: world.values, headers: { Authorization: `Bearer ${await world.twinB.token()}` } });
      assert.ok(answer.headers['retry-after'], 'no Retry-After');
    });
  } finally { end(); }
  await until(async () => (await world.statuses(world.twinB)).every((status) => status === 200), 'B is well again', 60);
});

test('a service that starts during an outage says so, and knows the keys when they are back', async () => {
  const end = world.relay.behave(world.a, outages['status 500 with keys']);
  try {
    await world.restart('risk');
    await until(async () => (await world.statuses(world.twinA))[3] === 'unavailable', 'risk has no keys');
    await everywhere(world.twinB, 200, 'B is not concerned');
  } finally { end(); }
  await until(async () => (await world.statuses(world.twinA))[3] === 200, 'risk has found them', 60);
});

async function weakKey() {
  const { generateKeyPairSync } = await import('node:crypto');
  return generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ format: 'jwk' });
}
