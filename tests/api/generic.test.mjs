// Every problem that follows from an operation's shape, provoked at every operation that documents it:
// derived from the specification, so that a new operation is tested without a new line here.
import { before } from 'node:test';
import { randomUUID } from 'node:crypto';
import { test, each, ask, expect, send, pathOf, document, operations, exampleBody, services, mint, Person } from './harness.mjs';
import fc from 'fast-check';
import { bodyOf } from './arbitrary.mjs';
import { Stage } from './stage.mjs';

let stage;
before(async () => { stage = await Stage.set(); });

// A request of this operation that is in order, by somebody who may.
function proper(op, changes = {}) {
  const options = { body: op.body ? exampleBody(op) : undefined, query: queryOf(op), after: null, ...changes,
    values: { ...stage.valuesOf(op), ...changes.values } };
  if (op.needs('If-Match')) options.match = changes.match ?? '"1"';
  return stage.at(options);
}

const queryOf = (op) => stage.queryOf(op);

// Each operation that documents the problem, at once; all failures are told together.
function provoke(slug, title, askOne, which = () => true, atOnce = 8) {
  test(`${slug}: ${title}`, async () => {
    const concerned = operations.filter((op) => op.problems.includes(slug) && which(op));
    await each(concerned, (op) => askOne(op), atOnce);
  });
}

provoke('unauthenticated', 'without a token', (op) => expect('unauthenticated', null, op.id, proper(op)));
provoke('unauthenticated', 'with a token that is none', (op) =>
  expect('unauthenticated', null, op.id, proper(op, { headers: { Authorization: 'Bearer a.b.c' } })));

provoke('scope-missing', 'with every scope but its own', (op) => {
  const who = stage.whoMay(op);
  return expect('scope-missing', who.with({ scopes: who.scopes.filter((scope) => !op.scopes.includes(scope)) }), op.id, proper(op));
});

provoke('not-found', 'to whom the alliance is unknown, and neither it nor its position is betrayed', async (op) => {
  const [known, none] = await Promise.all([stage.values.allianceId, randomUUID()].map((allianceId) =>
    expect('not-found', stage.stranger, op.id, proper(op, { values: { allianceId } }))));
  if (known.headers['accord-sequence']) throw new Error(`${op.id}: tells ${known.headers['accord-sequence']}`);
  const told = ({ headers, problem }) => JSON.stringify([Object.keys(headers).sort(), problem.title, problem.detail]);
  if (told(known) !== told(none)) throw new Error(`${op.id}: ${told(known)}, but of none that exists ${told(none)}`);
},
  (op) => !op.roles.includes('anyone'));
provoke('not-found', 'in an alliance that does not exist', (op) =>
  expect('not-found', stage.whoMay(op), op.id, proper(op, { values: { allianceId: randomUUID() } })));

provoke('role-missing', 'by somebody known who may not', (op) => expect('role-missing', stage.whoMayNot(op), op.id, proper(op)),
  (op) => stage.whoMayNot(op) !== undefined);

provoke('malformed-request', 'with a request id that is no UUID', (op) =>
  expect('malformed-request', stage.whoMay(op), op.id, proper(op, { headers: { 'X-Request-ID': 'one' } })));
provoke('malformed-request', 'with a header that may stand once, twice', (op) =>
  expect('malformed-request', stage.whoMay(op), op.id, proper(op, { headers: { 'X-Request-ID': [randomUUID(), randomUUID()] } })));

provoke('not-acceptable', 'for a type that it does not have', (op) =>
  expect('not-acceptable', stage.whoMay(op), op.id, proper(op, { accept: 'image/png' })));

provoke('invalid-parameter', 'with a query parameter that does not exist', (op) =>
  expect('invalid-parameter', stage.whoMay(op), op.id, proper(op, { query: { ...queryOf(op), surplus: '1' } })));
provoke('invalid-parameter', 'with a page size out of bounds', (op) =>
  expect('invalid-parameter', stage.whoMay(op), op.id, proper(op, { query: { ...queryOf(op), limit: '1001' } })),
(op) => op.takes('limit'));
provoke('invalid-parameter', 'with path parameters that match no pattern', (op) =>
  expect('invalid-parameter', stage.whoMay(op), op.id, proper(op, {
    values: Object.fromEntries(op.parameters.filter((p) => p.in === 'path' && p.name !== 'allianceId').map((p) => [p.name, '!']).slice(-1)),
  })), (op) => op.parameters.some((p) => p.in === 'path' && p.name !== 'allianceId'));

provoke('invalid-cursor', 'with a cursor of no list', (op) =>
  expect('invalid-cursor', stage.whoMay(op), op.id, proper(op, { query: { ...queryOf(op), cursor: 'AAAA' } })));

provoke('malformed-body', 'that is no JSON', (op) =>
  expect('malformed-body', stage.whoMay(op), op.id, proper(op, { body: '{"a":', type: op.bodyTypes.find((t) => t.endsWith('json')) })));
provoke('malformed-body', 'with a member twice', (op) =>
  expect('malformed-body', stage.whoMay(op), op.id, proper(op, { body: '{"a":1,"a":1}', type: op.bodyTypes.find((t) => t.endsWith('json')) })));

provoke('invalid-body', 'with a member that does not exist', async (op) => {
  const answer = await expect('invalid-body', stage.whoMay(op), op.id,
    proper(op, { body: { surplusMember: 1 }, type: op.bodyTypes.find((t) => t.endsWith('json')) }));
  if (!answer.problem.errors.some((fault) => fault.pointer === '/surplusMember')) throw new Error(`${op.id}: does not point at it: ${answer.text}`);
});

provoke('body-too-large', 'of more than it takes', (op) => {
  const size = (op.path.endsWith('/imports') || op.path.endsWith('/bulks') ? 32 : 1) * 1024 * 1024 + 1;
  return expect('body-too-large', stage.whoMay(op), op.id, proper(op, { body: Buffer.alloc(size, ' ') }));
});

provoke('unsupported-media-type', 'of another type', async (op) => {
  const answer = await expect('unsupported-media-type', stage.whoMay(op), op.id, proper(op, { type: 'application/xml', body: '<a/>' }));
  const header = op.method === 'PATCH' ? 'accept-patch' : 'accept-post';
  for (const type of op.bodyTypes) {
    if (!(answer.headers[header] ?? '').includes(type)) throw new Error(`${op.id}: ${header} does not name ${type}`);
  }
});

provoke('unsupported-media-type', 'in a coding', async (op) => {
  const answer = await expect('unsupported-media-type', stage.whoMay(op), op.id, proper(op, { headers: { 'Content-Encoding': 'gzip' } }));
  if (answer.headers['accept-encoding'] !== 'identity') throw new Error(`${op.id}: does not say that it takes none`);
});

provoke('idempotency-key-missing', 'without one', (op) => expect('idempotency-key-missing', stage.whoMay(op), op.id, proper(op, { key: null })),
  (op) => op.needs('Idempotency-Key'));
provoke('idempotency-key-missing', 'with one that is too long', (op) =>
  expect('idempotency-key-missing', stage.whoMay(op), op.id, proper(op, { key: 'k'.repeat(256) })));

provoke('precondition-missing', 'without If-Match', (op) =>
  expect('precondition-missing', stage.whoMay(op), op.id, { ...proper(op), match: undefined }));
provoke('malformed-request', 'with an If-Match that is none', (op) =>
  expect('malformed-request', stage.whoMay(op), op.id, proper(op, { match: 'latest' })), (op) => op.takes('If-Match'));

provoke('not-caught-up', 'after a state that never comes', (op) =>
  expect('not-caught-up', stage.whoMay(op), op.id, proper(op, { after: `${op.service}=9007199254740991` })), undefined, 40);

// --- what needs a resource that is really there ------------------------------------------------------------

// Bodies that would do something, where the example of the specification would not.
function meant(op) {
  const bodies = {
    foundAlliance: () => stage.foundingBody('Another alliance'),
    recordObservation: () => ({ indicator: 'ae-4-hours', organisation: 'ZZ1', month: '2024-25-M01', numerator: 1, denominator: 2 }),
    castVote: () => ({ choice: 'disagree', reason: 'Not before the accounts are audited.' }),
    declareRecusal: () => ({ organisation: 'ZZ1', reason: 'We own the building.' }),
    postTransaction: () => stage.transactionBody(1),
    postBulk: () => { const { mandateId, ...one } = stage.transactionBody(1); return { mandateId, transactions: [one] }; },
    placeHold: () => stage.holdBody(),
    draftMandate: () => stage.mandateBody(),
    submitActuals: () => stage.actualsBody(),
    draftReserveRelease: () => stage.releaseBody(),
    draftCase: () => stage.caseBody(),
  };
  return bodies[op.id] ? proper(op, { body: bodies[op.id](), type: 'application/json' }) : proper(op);
}

provoke('stale-version', 'of a resource that has moved on', (op) =>
  expect('stale-version', stage.whoMay(op), op.id, { ...meant(op), match: '"999999"' }));

test('idempotency-key-reused: for another request, at every operation with a key', async () => {
  for (const service of services) {
    const writes = operations.filter((op) => op.service === service && op.problems.includes('idempotency-key-reused') && op.hasAlliance);
    const people = new Set(writes.map((op) => stage.whoMay(op)));
    for (const who of people) {
      // an answer that is kept (done, or refused by a rule) makes the key one of this request for ever
      const key = randomUUID();
      const concerned = writes.filter((op) => stage.whoMay(op) === who);
      const kept = await firstKept(concerned, who, key);
      if (!kept) throw new Error(`${service}: nothing that ${who.subject} may do is kept under its key`);
      await each(concerned, (op) => expect('idempotency-key-reused', who, op.id, { ...another(op, kept.op), key }), 1);
    }
  }
});

const ending = ['leaveAlliance', 'endAppointment', 'closeAccount', 'withdrawMandate', 'withdrawDecision', 'closeCase', 'releaseHold', 'movePeriodOn', 'withdrawSettlement', 'withdrawReserveRelease'];

// A request that is not the kept one: of another operation, or with another body, or about another thing.
function another(op, keptOp) {
  if (op !== keptOp) return meant(op);
  if (!op.body) return proper(op, { values: Object.fromEntries(op.parameters.filter((p) => p.in === 'path' && p.name !== 'allianceId').map((p) => [p.name, randomUUID()])) });
  const same = JSON.stringify(meant(op).body);
  return { ...meant(op), body: fc.sample(bodyOf(op), { numRuns: 20, seed: 1 }).find((body) => JSON.stringify(body) !== same) };
}

async function firstKept(concerned, who, key) {
  for (const op of concerned.filter(({ id }) => !ending.includes(id))) {
    const answer = await ask(who, op.id, { ...meant(op), key, match: op.takes('If-Match') ? '*' : undefined });
    if (answer.status < 300 || [409, 422].includes(answer.status)) return { op, answer };
  }
  return undefined;
}

test('idempotency-key-reused: for another alliance to be founded', async () => {
  const key = randomUUID();
  await expect(201, stage.reps.ZZ1, 'foundAlliance', { key, body: stage.foundingBody('One') });
  await expect('idempotency-key-reused', stage.reps.ZZ1, 'foundAlliance', { key, body: stage.foundingBody('Two') });
});

// --- what goes well ---------------------------------------------------------------------------------------

const reads = () => operations.filter((op) => op.method === 'GET');

test('every read answers, to a reader and in every type that it has', async () => {
  await each(reads(), async (op) => {
    for (const type of op.responses['200'].types) {
      const answer = await expect(200, stage.whoMay(op), op.id, proper(op, { accept: type, after: undefined }));
      if (answer.type !== type) throw new Error(`${op.id}: asked for ${type}, got ${answer.type}`);
    }
  });
});

test('every read with an ETag answers 304 to who has it already', async () => {
  await each(reads().filter((op) => op.successes.includes('304')), async (op) => {
    const { headers: { etag } } = await expect(200, stage.whoMay(op), op.id, proper(op));
    await expect(304, stage.whoMay(op), op.id, proper(op, { headers: { 'If-None-Match': etag } }));
    await expect(304, stage.whoMay(op), op.id, proper(op, { headers: { 'If-None-Match': `W/${etag}` } }));
    await expect(200, stage.whoMay(op), op.id, proper(op, { headers: { 'If-None-Match': '"999999"' } }));
  });
});

test('every list gives the same items in pages of one as at once', async () => {
  await each(reads().filter((op) => op.takes('cursor')), async (op) => {
    const whole = (await expect(200, stage.whoMay(op), op.id, proper(op, { query: { ...queryOf(op), limit: '1000' }, accept: 'application/json' }))).body.items;
    const paged = [];
    let cursor;
    do {
      const answer = await expect(200, stage.whoMay(op), op.id, proper(op, { query: { ...queryOf(op), limit: '1', cursor }, accept: 'application/json' }));
      if (answer.body.items.length > 1) throw new Error(`${op.id}: a page of one has ${answer.body.items.length}`);
      paged.push(...answer.body.items);
      cursor = answer.body.nextCursor;
      if (Boolean(cursor) !== /rel="next"/.test(answer.headers.link ?? '')) throw new Error(`${op.id}: nextCursor and Link disagree`);
    } while (cursor && paged.length <= whole.length);
    if (JSON.stringify(paged) !== JSON.stringify(whole)) throw new Error(`${op.id}: pages have ${paged.length} items, the whole ${whole.length}, or others`);
  });
});

test('a cursor of one list is none of another, nor of other filters', async () => {
  const { body } = await expect(200, stage.reps.ZZ1, 'listPartners', stage.at({ query: { limit: '1' }, accept: 'application/json' }));
  await expect('invalid-cursor', stage.reps.ZZ1, 'listDecisions', stage.at({ query: { limit: '1', cursor: body.nextCursor } }));
});

test('HEAD answers as GET, without a body', async () => {
  const path = `/v1/alliances/${stage.values.allianceId}`;
  const headers = { Authorization: `Bearer ${await stage.director.token()}` };
  const [get, head] = [await send('GET', path, headers), await send('HEAD', path, headers)];
  if (head.status !== 200 || head.text !== '' || head.headers.etag !== get.headers.etag) throw new Error(`${head.status} ${head.text}`);
});

test('the document that is served is the specification', async () => {
  const answer = await send('GET', '/v1/openapi.json');
  if (answer.status !== 200 || JSON.stringify(answer.body) !== JSON.stringify(document)) throw new Error(`${answer.status}: another document`);
});

test('every problem has a page that explains it', async () => {
  await each([...new Set(operations.flatMap((op) => op.problems))], async (slug) => {
    const answer = await send('GET', `/problems/${slug}`);
    if (answer.status !== 200 || !answer.text.includes(slug)) throw new Error(`/problems/${slug}: ${answer.status} ${answer.text}`);
  });
});

// --- what no operation declares -----------------------------------------------------------------------------

test('every path answers 405 with Allow to a method that it does not have', async () => {
  const methods = new Map();
  for (const op of operations) methods.set(op.path, [...(methods.get(op.path) ?? []), op.method]);
  const token = await stage.reps.ZZ1.token();
  await each([...methods], async ([path, has]) => {
    const missing = ['GET', 'PUT', 'POST', 'PATCH', 'DELETE'].find((method) => !has.includes(method));
    const answer = await send(missing, pathOf({ path, id: path }, stage.values), { Authorization: `Bearer ${token}` });
    if (answer.status !== 405 || answer.slug !== 'method-not-allowed') throw new Error(`${missing} ${path}: ${answer.status} ${answer.text}`);
    for (const method of has) {
      if (!(answer.headers.allow ?? '').split(/, */).includes(method)) throw new Error(`${path}: Allow lacks ${method}: ${answer.headers.allow}`);
    }
  });
});

test('what is not in the specification is not found', async () => {
  const token = await stage.reps.ZZ1.token();
  const paths = ['/', '/v1', '/v1/', '/v2/alliances', '/v1/alliances/', '/v1/unknown', `/v1/alliances/${stage.values.allianceId}/`,
    `/v1/alliances/${stage.values.allianceId}/ledger`, `/v1/alliances/${stage.values.allianceId}/risk/risks/`, '/livez', '/readyz', '/metrics'];
  await each(paths, async (path) => {
    const answer = await send('GET', path, { Authorization: `Bearer ${token}` });
    if (answer.status !== 404 || answer.slug !== 'not-found') throw new Error(`${path}: ${answer.status} ${answer.text}`);
  });
});

test('a token in the query or in the body is no token', async () => {
  const token = await stage.director.token();
  const path = `/v1/alliances/${stage.values.allianceId}`;
  const inQuery = await send('GET', `${path}?access_token=${token}`);
  if (inQuery.status !== 401) throw new Error(`in the query: ${inQuery.status}`);
  const form = `access_token=${token}`;
  const inBody = await send('POST', `${path}/risk/risks`, { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': form.length }, form);
  if (inBody.status !== 401) throw new Error(`in the body: ${inBody.status}`);
});

test('two Authorization headers are refused', async () => {
  const token = `Bearer ${await stage.director.token()}`;
  const answer = await send('GET', `/v1/alliances/${stage.values.allianceId}`, { Authorization: [token, token] });
  if (![400, 401].includes(answer.status)) throw new Error(`${answer.status} ${answer.text}`);
});

test('tokens that are wrong in what they claim are refused at every service', async () => {
  const now = Math.floor(Date.now() / 1000);
  const wrong = [{ aud: 'https://other.example' }, { aud: undefined }, { exp: now - 60 }, { exp: undefined }, { iss: 'https://evil.example' },
    { sub: undefined }, { jti: undefined }, { client_id: undefined }, { iat: undefined }, { nbf: now + 600 }, { exp: now + 7200 }];
  const headers = [{ typ: 'id_token+jwt' }, { kid: 'unknown-1' }];
  const tokens = await Promise.all([...wrong.map((claims) => mint({ sub: 'dana.director', ...claims })), ...headers.map((header) => mint({ sub: 'dana.director' }, header))]);
  const lists = { membership: 'getAlliance', ledger: 'listAccounts', reinvestment: 'listCases', risk: 'listRisks', kpi: 'listIndicators' };
  await each(Object.values(lists), async (operationId) => {
    for (const token of tokens) await expect('unauthenticated', null, operationId, stage.at({ headers: { Authorization: `Bearer ${token}` } }));
  });
});

test('the same person at another issuer\'s word is nobody', async () => {
  await expect('not-found', new Person('dana.director.', 'ZZ9'), 'getAlliance', stage.at());
});
