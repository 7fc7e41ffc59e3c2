// Forged, bent and misused tokens, through nginx, at every service: RFC 8725's list and what else is known
// to have worked somewhere. Signed here byte by byte, as no library would. tests/unit holds the same of the
// verifier alone, with the reason for each refusal; tests/idp what takes two issuers.
import { after, before } from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import { readFileSync } from 'node:fs';
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { CompactEncrypt } from 'jose';
import { test, each, send, pathOf, operation, mint, issuer, audience } from './harness.mjs';
import { Stage } from './stage.mjs';

const lists = { membership: 'getAlliance', ledger: 'listAccounts', reinvestment: 'listCases', risk: 'listRisks', kpi: 'listIndicators' };
const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'); // of P-256
const keyOf = (name) => createPrivateKey(readFileSync(`${process.env.ACCORD_KEYS}/${name}.pem`));
const b64 = (bytes) => Buffer.from(bytes).toString('base64url');
const number = (value) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
const now = () => Math.floor(Date.now() / 1000);
const attacker = generateKeyPairSync('ec', { namedCurve: 'P-256' });
let stage, key, kid, fetched, stranger;

before(async () => {
  stage = await Stage.set({ only: 'founded' });
  key = keyOf('issuer');
  kid = JSON.parse(Buffer.from((await mint({ sub: 'x' })).split('.')[0], 'base64url')).kid;
  fetched = [];
  stranger = http.createServer((request, response) => { fetched.push(request.url); response.end('{}'); });
  await new Promise((done) => stranger.listen(0, '127.0.0.1', done));
});
after(() => stranger.close());

const headerOf = (changes = {}) => JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid, ...changes });
const claimsOf = (changes = {}) => JSON.stringify({ iss: issuer, aud: audience, sub: 'dana.director', client_id: 'api-tests', jti: randomUUID(),
  iat: now(), nbf: now(),
  exp: now() + 600, organisation: 'ZZ1', scope: 'membership:read ledger:read reinvestment:read risk:read kpi:read', ...changes });
const es256 = (text, by = key, hash = 'sha256') => sign(hash, Buffer.from(text), { key: by, dsaEncoding: 'ieee-p1363' });
// header and claims as text; `signed` makes the signature's bytes
function token(header = headerOf(), claims = claimsOf(), signed = es256) {
  const text = `${b64(header)}.${b64(claims)}`;
  return `${text}.${b64(signed(text))}`;
}

async function answers(authorization, headers = {}) {
  return Promise.all(Object.values(lists).map((id) => send('GET', pathOf(operation(id), stage.values),
    { ...(authorization === undefined ? {} : { Authorization: authorization }), ...headers })));
}

// All of these, at every service; a fault is told by its name. No header with a comma is looked at any closer.
async function refused(cases, by = [401]) {
  await each(Object.entries(cases), async ([name, made]) => {
    const statuses = made.includes(',') ? [400, ...by] : by;
    for (const answer of await answers(`Bearer ${made}`)) {
      const is = statuses.includes(answer.status) && answer.problem && (answer.status !== 401 || (answer.slug === 'unauthenticated' && answer.headers['www-authenticate']));
      if (!is) throw new Error(`${name}: ${answer.request.slice(0, 60)}: ${answer.status} ${answer.text.slice(0, 300)}`);
      if (made.length > 40 && answer.text.includes(made.slice(-40))) throw new Error(`${name}: the answer repeats the token`);
    }
  }, 2);
}

async function accepted(cases) {
  await each(Object.entries(cases), async ([name, made]) => {
    for (const answer of await answers(`Bearer ${made}`)) {
      if (answer.status !== 200) throw new Error(`${name}: ${answer.request.slice(0, 60)}: ${answer.status} ${answer.text.slice(0, 300)}`);
    }
  }, 2);
}

const table = (values, make) => Object.fromEntries(values.map((value) => [JSON.stringify(value) ?? 'absent', make(value)]));

test('tokens: what is made here is good, unless something is wrong with it', () => accepted({ plain: token(), 'many audiences': token(headerOf(),
  claimsOf({ aud: ['https://other.example', audience] })) }));

test('tokens: unsigned, whatever alg says', () => refused(Object.fromEntries(['none', 'None', 'NONE', 'nOnE', 'none ', '', null].flatMap((alg) => {
  const text = `${b64(headerOf({ alg }))}.${b64(claimsOf())}`;
  return [[`${alg} empty`, `${text}.`], [`${alg} without`, text], [`${alg} signed`, `${text}.${b64(es256(text))}`], [`${alg} AA`, `${text}.AA`]];
}))));

test('tokens: our public key is nobody\'s secret', async () => {
  const open = createPublicKey(key);
  const jwk = open.export({ format: 'jwk' });
  const secrets = { pem: open.export({ type: 'spki', format: 'pem' }), 'pem without its last line end': open.export({ type: 'spki',
    format: 'pem' }).trimEnd(), der: open.export({ type: 'spki', format: 'der' }),
    jwk: JSON.stringify(jwk), x: Buffer.from(jwk.x, 'base64url'), document: readFileSync(`${process.env.ACCORD_KEYS}/issuer.jwks`), nothing: '',
      kid };
  await refused(Object.fromEntries(Object.entries(secrets).flatMap(([name, secret]) => [['HS256', 'sha256'], ['HS384', 'sha384'], ['HS512',
    'sha512']].map(([alg, hash]) =>
    [`${alg} by ${name}`, token(headerOf({ alg }), claimsOf(), (text) => createHmac(hash, secret).update(text).digest())]))));
});

test('tokens: signed by another kind of key than they say, or by none of the issuer', async () => {
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
  const k1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const ed = generateKeyPairSync('ed25519').privateKey;
  await refused({
    ...table(['RS256', 'RS512', 'PS256', 'ES384', 'ES512', 'ES256K', 'EdDSA', 'Ed25519', 'es256', 'ES256 ', ['ES256'], { alg: 'ES256' }, 256, true],
      (alg) => token(headerOf({ alg }))),
    'P-384': token(headerOf(), claimsOf(), (text) => es256(text, p384, 'sha384')), 'P-384 as ES384': token(headerOf({ alg: 'ES384' }), claimsOf(),
      (text) => es256(text, p384, 'sha384')),
    secp256k1: token(headerOf(), claimsOf(), (text) => es256(text, k1)), 'another P-256': token(headerOf(), claimsOf(), (text) => es256(text,
      attacker.privateKey)),
    RSA: token(headerOf({ alg: 'RS256' }), claimsOf(), (text) => sign('sha256', Buffer.from(text), rsa)), Ed25519: token(headerOf({ alg: 'EdDSA' }),
      claimsOf(), (text) => sign(null, Buffer.from(text), ed)),
    'another hash': token(headerOf(), claimsOf(), (text) => es256(text, key, 'sha384')),
  });
});

test('tokens: keys and addresses that they bring along are not looked at', async () => {
  const jwk = attacker.publicKey.export({ format: 'jwk' });
  const base = `http://127.0.0.1:${stranger.address().port}`;
  const brought = { jwk: { jwk }, 'jwk of that kid': { jwk: { ...jwk, kid } }, jku: { jku: `${base}/jku` }, x5u: { x5u: `${base}/x5u` },
    'kid as address': { kid: `${base}/kid` },
    x5c: { x5c: [b64('certificate')] }, 'all of them': { jwk, jku: `${base}/jku`, x5u: `${base}/x5u`, x5c: [b64('certificate')] },
      'jwk that is secret': { alg: 'HS256', jwk: { kty: 'oct', k: b64('secret') } } };
  await refused(Object.fromEntries(Object.entries(brought).map(([name, changes]) => [name, token(headerOf(changes), claimsOf(),
    (text) => es256(text, attacker.privateKey))])));
  await refused({ 'iss as address': token(headerOf(), claimsOf({ iss: base }), (text) => es256(text, attacker.privateKey)) });
  await accepted({ 'a good token that brings a key': token(headerOf({ jwk, jku: `${base}/jku` })) });
  assert.deepEqual(fetched, [], 'an address out of a token was asked');
});

test('tokens: kid is compared, never opened, run or asked', () => refused(table(['../../../../../../dev/null', '/dev/null', 'issuer.pem',
  '../keys/issuer.pem', 'file:///dev/null', "x' or '1'='1", "x'; drop table journal; --",
  `${kid}' --`, '| id', '$(id)', '`id`', '%n%s%x', '%00', `${kid}\u0000`, `${kid} `, ` ${kid}`, `${kid}/.`,
    kid.toUpperCase() === kid ? kid.toLowerCase() : kid.toUpperCase(), '*', '', 'membership', 'x'.repeat(4000), '\u202e', [kid], { kid }, 1, null,
    true, undefined],
(value) => token(headerOf({ kid: value })))));

test('tokens: header members that change what the rest means', () => refused(table([{ crit: ['exp'], exp: 1 }, { crit: [] }, { crit: null },
  { crit: ['b64'], b64: false }, { b64: false }, { b64: true }, { zip: 'DEF' }, { cty: 'JWT' }, { enc: 'A256GCM' }],
  (changes) => token(headerOf(changes)))));

test('tokens: members named twice, and what is no JSON object', async () => {
  const twice = (text, more) => `${text.slice(0, -1)},${more}}`;
  const headers = { 'alg twice': twice(headerOf(), '"alg":"none"'), 'kid twice': twice(headerOf(), `"kid":"${kid}"`),
    'alg twice, once escaped': twice(headerOf(), '"\\u0061lg":"HS256"'), array: '[]', text: '"ES256"', nothing: ' ', number: '1',
    'byte order mark': `\ufeff${headerOf()}`, 'more after it': `${headerOf()}{}`, comment: headerOf().replace('{', '{/**/'),
      'single quotes': headerOf().replaceAll('"', "'"), 'no UTF-8': Buffer.concat([Buffer.from(headerOf().slice(0, -2)), Buffer.from([0xff, 0x22,
      0x7d])]) };
  const claims = { 'iss twice': twice(claimsOf(), '"iss":"https://evil.example"'), 'sub twice': twice(claimsOf(), '"sub":"rep.zz1"'),
    'exp twice': twice(claimsOf(), '"exp":9999999999'), 'organisation twice, once escaped': twice(claimsOf(), '"organisatio\\u006e":"ZZ2"'),
    'aud twice': twice(claimsOf(), `"aud":"${audience}"`), array: `[${claimsOf()}]`, null: 'null', text: `"${issuer}"`,
      'byte order mark': `\ufeff${claimsOf()}`, 'more after it': `${claimsOf()}{}`, 'a number out of range': twice(claimsOf(), '"x":1e999'),
    'a lone surrogate': twice(claimsOf(), '"x":"\\ud800"'), 'deeply nested': twice(claimsOf(), `"x":${'['.repeat(2500)}${']'.repeat(2500)}`),
      'NUL in a name': twice(claimsOf(), '"organisation\\u0000":"ZZ2"') };
  await refused(Object.fromEntries([...Object.entries(headers).map(([name, text]) => [`header: ${name}`, token(text)]),
    ...Object.entries(claims).map(([name, text]) => [`claims: ${name}`, token(headerOf(), text)])]));
});

test('tokens: encrypted, nested, detached, serialised otherwise, in more or fewer parts', async () => {
  const good = token();
  const [header, claims, signature] = good.split('.');
  const jwe = await new CompactEncrypt(Buffer.from(good)).setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', cty: 'JWT',
    kid }).encrypt(createPublicKey(key));
  const direct = await new CompactEncrypt(Buffer.from(claimsOf())).setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid }).encrypt(Buffer.alloc(32));
  await refused({ JWE: jwe, 'JWE by no key': direct, nested: token(headerOf(), good), 'nested as text': token(headerOf(), JSON.stringify(good)),
    detached: `${header}..${signature}`, 'JWS in JSON': JSON.stringify({ protected: header, payload: claims, signature }),
    'JWS in JSON, general': JSON.stringify({ payload: claims, signatures: [{ protected: header, signature }] }), 'one part': header,
      'two parts': `${header}.${claims}`, 'four parts': `${good}.${signature}`, 'five parts': `${good}..`, 'a dot before': `.${good}`,
      'a dot after': `${good}.`,
    'no header': `.${claims}.${signature}`, dots: '..', 'SD-JWT': `${good}~`, empty: '.' });
});

test('tokens: times that are past, far, long or no times', async () => {
  const at = now();
  const ends = [at - 1, at - 3600, 0, -1, 0.5, at + 600.5, String(at + 600), '', 1e300, 2 ** 53, '9223372036854775808', at + 7200, null, true,
    [at + 600], {}, undefined];
  const begins = [at + 3600, 2 ** 53, -1, 1.5, String(at), null, true, [at], {}];
  await refused({ ...table(ends, (exp) => token(headerOf(), claimsOf({ exp }))), ...Object.fromEntries(begins.flatMap((value) => [[`nbf ${value}`,
    token(headerOf(), claimsOf({ nbf: value }))], [`iat ${value}`, token(headerOf(), claimsOf({ iat: value }))]])),
    'no iat': token(headerOf(), claimsOf({ iat: undefined })), 'longer than an hour': token(headerOf(), claimsOf({ iat: at - 1800,
      exp: at + 1860 })), 'ends before it began': token(headerOf(), claimsOf({ iat: at + 20, exp: at + 10 })),
    'exp beyond 64 bits': token(headerOf(), claimsOf().replace(/"exp":\d+/, '"exp":18446744073709551617')), 'exp as exponent': token(headerOf(),
      claimsOf().replace(/"exp":\d+/, '"exp":4e9')) });
});

test('tokens: for somebody else', () => refused(table(['https://other.example', audience.slice(0, -1), `${audience}/`, `${audience}.evil.example`,
  ` ${audience}`, `${audience} `, audience.toUpperCase(), `${audience}\u0000`, 'ledger:read risk:read', `https://other.example ${audience}`, '*', '',
  [], ['https://other.example'], [[audience]], [audience, 1], [audience, null], { [audience]: true }, 1, true, null, undefined],
    (aud) => token(headerOf(), claimsOf({ aud })))));

test('tokens: by somebody who is not quite the issuer', () => refused(table([`${issuer}/`, `${issuer}#`, `${issuer}?`, issuer.toUpperCase(),
  ` ${issuer}`, `${issuer}\u0000`, issuer.replace('https', 'http'), issuer.replace('://', '://x@'), issuer.replace('i', 'і'), `${issuer}.`,
  [issuer], { issuer }, '', null, undefined],
  (iss) => token(headerOf(), claimsOf({ iss })))));

test('tokens: about nobody, by no client, without an id', async () => {
  const nothings = ['', 1, null, true, [], ['dana.director'], {}, 'a\u0000b', 'a\nb', 'x'.repeat(256), undefined];
  await refused(Object.fromEntries(['sub', 'client_id',
    'jti'].flatMap((name) => nothings.map((value) => [`${name} ${JSON.stringify(value)?.slice(0, 20)}`, token(headerOf(),
    claimsOf({ [name]: value }))]))));
  await refused({ 'two clients': token(headerOf(), claimsOf({ azp: 'another' })) });
});

test('tokens: an organisation is its ODS code', () => refused(table(['zz1', 'Zz1', ' ZZ1', 'ZZ1 ', 'ZZ1\n', 'ZZ1\u0000', 'ＺＺ１', 'ΖΖ1', 'ZZ1\u200b',
  'ZZ1\u0301', 'ZZ1,ZZ2', '*', '', 'Z', 'ZZ100000000', '../ZZ1', "ZZ1'--", ['ZZ1'], { ods: 'ZZ1' }, 1, true, null],
  (organisation) => token(headerOf(), claimsOf({ organisation })))));

test('tokens: meant for other purposes', async () => {
  const types = ['id_token+jwt', 'JWE', 'JOSE', 'logout+jwt', 'dpop+jwt', 'client-authentication+jwt', 'secevent+jwt', 'token-introspection+jwt',
    'oauth-authz-req+jwt', 'at+jwt ', 'at+jwt;x', 'application/at+jwt+x', '', 1, ['at+jwt'], undefined];
  const marks = [{ nonce: 'n' }, { at_hash: 'h' }, { c_hash: 'h' }, { s_hash: 'h' }, { events: {} }, { typ: 'ID' }, { typ: 'Refresh' },
    { typ: 'Logout' }];
  await refused({ ...table(types, (typ) => token(headerOf({ typ }))), ...table(marks, (changes) => token(headerOf(), claimsOf(changes))) });
});

test('tokens: what services say to each other is no access token', async () => {
  const cases = {};
  for (const service of Object.keys(lists)) {
    const own = keyOf(service);
    const published = JSON.parse(readFileSync(`${process.env.ACCORD_KEYS}/cluster.jwks`,
      'utf8')).keys.find((one) => one.x === createPublicKey(own).export({ format: 'jwk' }).x);
    const by = (text) => es256(text, own);
    Object.assign(cases, { [`${service}, its own kid`]: token(headerOf({ kid: published.kid }), claimsOf(), by),
      [`${service}, the issuer's kid`]: token(headerOf(), claimsOf(), by),
      [`${service} in its own name`]: token(headerOf({ typ: 'JWT', kid: published.kid }), claimsOf({ iss: service, sub: service, aud: 'membership',
        exp: now() + 60 }), by) });
  }
  await refused(cases);
});

test('tokens: another text for the same token', async () => {
  const good = token();
  const [header, claims, signature] = good.split('.');
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  // 64 bytes leave four spare bits in the last character
  const spare = signature.slice(0, -1) + alphabet[alphabet.indexOf(signature.at(-1)) | 1];
  await refused({ padding: `${good}==`, 'padding within': `${header}=.${claims}.${signature}`,
    'spare bits': spare === signature ? `${good}A` : `${header}.${claims}.${spare}`, 'another alphabet': good.replace(/[-_]/g,
    (c) => (c === '-' ? '+' : '/')) + '+', 'a blank within': `${header}. ${claims}.${signature}`,
    'a tab within': `${header}.\t${claims}.${signature}`, 'percent': good.replace('.', '%2e'), quotes: `"${good}"`, 'a character more': `${good}A`,
      'a character less': good.slice(0, -1), 'a comma': `${good},`, 'a semicolon': `${good};`, 'two of them': `${good} ${good}`,
      'two of them, by comma': `${good}, Bearer ${good}` });
});

test('tokens: signatures that are none', async () => {
  const zero = Buffer.alloc(32);
  const halves = (text) => { const signature = es256(text); return [signature.subarray(0, 32), signature.subarray(32)]; };
  const join = (...parts) => Buffer.concat(parts);
  const made = (signed) => token(headerOf(), claimsOf(), signed);
  await refused({ 'psychic: r and s are 0': made(() => Buffer.alloc(64)), 'r is 0': made((text) => join(zero, halves(text)[1])),
    's is 0': made((text) => join(halves(text)[0], zero)), 'r is n': made((text) => join(number(order), halves(text)[1])),
    's is n': made((text) => join(halves(text)[0], number(order))), 'both are n': made(() => join(number(order), number(order))),
      'both are 1': made(() => join(number(1n), number(1n))), 'both are n - 1': made(() => join(number(order - 1n), number(order - 1n))),
      'all bits': made(() => Buffer.alloc(64, 255)),
    'r and s swapped': made((text) => join(...halves(text).reverse())), DER: made((text) => sign('sha256', Buffer.from(text), key)),
      'half of it': made((text) => halves(text)[0]), 'a zero before': made((text) => join(Buffer.alloc(1), es256(text))),
      'a zero after': made((text) => join(es256(text), Buffer.alloc(1))),
    'a zero before each half': made((text) => join(Buffer.alloc(1), halves(text)[0], Buffer.alloc(1), halves(text)[1])),
      'of other claims': `${token().split('.').slice(0, 2).join('.')}.${token().split('.')[2]}`, '96 bytes': made((text) => join(es256(text),
      zero)), none: made(() => Buffer.alloc(0)) });
  // s and n - s sign equally, by ECDSA's nature: the same caller says the same
  await accepted({ 'n - s': made((text) => { const [r, s] = halves(text); return join(r, number(order - BigInt(`0x${s.toString('hex')}`))); }) });
});

test('tokens: too long', async () => {
  const long = (size) => token(headerOf(), claimsOf({ filler: 'x'.repeat(size) }));
  await accepted({ 'nearly 8 KiB': long(5300) });
  await refused({ 'over 8 KiB': long(6200), 'over 12 KiB': long(9000) });
  await refused({ 'over what nginx takes': long(20000) }, [431]);
});

test('tokens: anywhere but in one Authorization header', async () => {
  const good = token();
  const elsewhere = [{ 'X-Access-Token': good }, { 'Proxy-Authorization': `Bearer ${good}` }, { 'X-Forwarded-Authorization': `Bearer ${good}` },
    { 'X-Authorization': `Bearer ${good}` }, { Cookie: `access_token=${good}; Authorization=Bearer ${good}` }, { DPoP: good },
    { 'Sec-WebSocket-Protocol': good }];
  const schemes = [good, `Basic ${Buffer.from(`x:${good}`).toString('base64')}`, `Token ${good}`, `DPoP ${good}`, `JWT ${good}`, `Bearer${good}`,
    `Bearer: ${good}`, `Bearer  ${good}`, `Bearer\t${good}`, 'Bearer', 'Bearer ', `BearerX ${good}`, `Bearer token=${good}`, ''];
  const must = (list, what, statuses) => list.forEach((answer) => { if (!statuses.includes(answer.status)) throw new Error(`${what}: ${answer.status} ${answer.text.slice(0, 200)}`); });
  for (const headers of elsewhere) must(await answers(undefined, headers), Object.keys(headers)[0], [401]);
  for (const scheme of schemes) must(await answers(scheme), scheme.slice(0, 20), [401]);
  for (const several of [[good, 'a.b.c'], ['a.b.c', good], [good, good]]) must(await answers(several.map((one) => `Bearer ${one}`)), 'several',
    [400, 401]);
  must(await answers([`Bearer ${good}`, `Basic ${Buffer.from('a:b').toString('base64')}`]), 'Basic beside it', [400, 401]);
  for (const name of ['access_token', 'token', 'jwt', 'authorization', 'bearer_token']) {
    must(await Promise.all(Object.values(lists).map((id) => send('GET', `${pathOf(operation(id), stage.values)}?${name}=${good}`))), `?${name}`,
      [400, 401]);
  }
});

test('tokens: who somebody is comes from nowhere else', async () => {
  const stray = await mint({ sub: 'nobody', organisation: 'ZZ9', scope: 'membership:read ledger:read reinvestment:read risk:read kpi:read' });
  const claims = { 'X-Organisation': 'ZZ1', 'X-User': 'dana.director', 'X-Forwarded-User': 'dana.director', 'X-Remote-User': 'dana.director',
    'X-Subject': 'dana.director', 'X-Issuer': issuer, 'NHSD-End-User-Organisation-ODS': 'ZZ1', 'X-Scope': 'ledger:read',
    'X-Forwarded-For': '127.0.0.1', 'X-Original-URL': '/_ping', 'X-Rewrite-URL': '/_ping', 'X-HTTP-Method-Override': 'GET' };
  for (const answer of await answers(`Bearer ${stray}`, claims)) assert.equal(answer.slug, 'not-found', answer.text);
  for (const answer of await answers(undefined, claims)) assert.equal(answer.status, 401, answer.text);
});

test('tokens: scopes are whole words of our own', async () => {
  for (const scope of ['*', 'all', 'LEDGER:READ RISK:READ KPI:READ MEMBERSHIP:READ REINVESTMENT:READ',
    'ledger:* risk:* kpi:* membership:* reinvestment:*', 'ledger:rea', 'ledger:read, risk:read,', ['ledger'], '', undefined, ' ', 'ledger:write',
    'ledger:read\u0000']) {
    const list = await answers(`Bearer ${token(headerOf(), claimsOf({ scope }))}`);
    for (const answer of list) if (![401,
      403].includes(answer.status)) throw new Error(`${JSON.stringify(scope)}: ${answer.status} ${answer.text.slice(0, 200)}`);
  }
});
