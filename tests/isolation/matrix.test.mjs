// Every operation, asked by every kind of person: the status that expected.txt says; and whoever is
// refused is answered as about something that does not exist.
import assert from 'node:assert/strict';
import { before } from 'node:test';
import { randomUUID } from 'node:crypto';
import { test, each, ask, send, pathOf, operations, operation, exampleBody } from '../api/harness.mjs';
import { today } from '../api/stage.mjs';
import { expected, kinds, named } from './expected.mjs';
import { Held } from './people.mjs';
import { difference, shown } from './same.mjs';

const nhsNumber = 'About 943 476 5919.'; // what is refused for what it says is not refused for who says it
let stage;

before(async () => {
  stage = await Held.set();
  const seen = stage.director.after(...Object.values(stage.reps), stage.neighbour);
  const last = Object.fromEntries(seen.split(', ').map((one) => one.split('=')));
  for (const [id, service] of [['listPartners', 'membership'], ['listAccounts', 'ledger'], ['listCases', 'reinvestment'], ['listRisks', 'risk'], ['listIndicators', 'kpi']]) {
    await stage.do(200, stage.director, id, { after: [...new Set(['membership', service])].map((one) => `${one}=${last[one]}`).join(', ') });
  }
});

test('every operation has a line in the table, and every line an operation', () => {
  assert.deepEqual([...named].sort(), operations.map((op) => op.id).sort());
});

// --- requests ----------------------------------------------------------------------------------------------

const bodies = {
  foundAlliance: () => ({ ...stage.foundingBody('Yet another'), purpose: nhsNumber }),
  applyForPartnership: () => ({ name: nhsNumber, role: 'provider', isVoting: true, representative: { issuer: 'https://i.example', subject: 's', name: 'S' } }),
  makeAppointment: () => ({ person: { issuer: 'https://i.example', subject: 's', name: 'S' }, role: 'finance-lead', organisation: 'ZZ1' }),
  endAppointment: () => ({}),
  castVote: () => ({ choice: 'agree' }),
  declareRecusal: () => ({ organisation: 'ZZ1', reason: 'It owns the building.' }),
  declareInterest: () => stage.interestBody(),
  submitActuals: () => stage.actualsBody(),
  agreeActuals: () => ({ revision: 1 }),
  postTransaction: () => stage.transactionBody(1),
  placeHold: () => stage.holdBody(),
  draftMandate: () => stage.mandateBody(),
  writeOutcomeStatement: () => ({ text: 'Nobody decided it.', audience: 'All staff', publishOn: today(300) }),
};

function request(op, changes = {}) {
  const body = op.body ? (bodies[op.id] ?? (() => exampleBody(op)))() : undefined;
  const { values, ...others } = changes;
  return stage.at({ body, query: stage.queryOf(op), after: null, match: op.needs('If-Match') ? '*' : undefined, ...others,
    values: { ...stage.valuesOf(op), ...values } });
}

const inPath = (op) => op.parameters.filter((p) => p.in === 'path').map((p) => p.name);

// A value of the same shape and length that names nothing.
function nothing(name, value) {
  if (/^[0-9a-f-]{36}$/.test(value)) return randomUUID();
  if (name === 'organisation') return 'ZQ9';
  if (typeof value === 'number') return 7;
  if (name === 'month') return value.replace(/^20\d\d-\d\d/, '2009-10');
  return String(value).replace(/.$/, (last) => (last === 'q' ? 'p' : 'q'));
}

// The same about a thing in this alliance, and in one, that does not exist; to who knows of the alliance, it does.
function absent(op, kind) {
  const names = inPath(op);
  const { values } = request(op);
  const other = (some) => Object.fromEntries(some.map((name) => [name, nothing(name, values[name])]));
  const below = names.filter((name) => name !== 'allianceId');
  const elsewhere = op.hasAlliance && !knowing.includes(kind) ? [other(['allianceId'])] : [];
  return [...(below.length ? [other(below)] : []), ...elsewhere];
}

// --- the table ---------------------------------------------------------------------------------------------

const refusal = { 401: 'unauthenticated', 404: 'not-found' };

function statusFault(op, kind, answer) {
  const cell = expected(op.id, kind);
  const said = `${op.id} by ${kind}: ${answer.status} ${answer.slug ?? ''}, not ${cell}: ${answer.problem?.detail ?? ''}`;
  if (cell === 'may') return answer.status < 300 || [409, 412, 422].includes(answer.status) ? undefined : said;
  if (String(answer.status) !== cell) return said;
  const slug = cell === '403' ? (kind === 'scopeless' ? 'scope-missing' : 'role-missing') : refusal[cell];
  return slug && answer.slug !== slug ? said : undefined;
}

const told = (op, kind) => `${op.method} ${op.id} by ${kind}`;
// They may read what they may not change: to them it is no secret that it is there.
const knowing = ['applicant', 'left'];
const readers = ['associate', 'auditor', 'suspended', 'system', 'member', 'recused'];

// A request, and for some what else can be asked of the same place: CSV, whether it changed, its head.
async function asked(op, who, options, isWhole) {
  const answers = [await ask(who, op.id, options)];
  if (op.method !== 'GET' || !isWhole) return answers;
  if (op.responses['200'].types.includes('text/csv')) answers.push(await ask(who, op.id, { ...options, accept: 'text/csv, application/problem+json' }));
  answers.push(await ask(who, op.id, { ...options, headers: { 'If-None-Match': '"1"' } }));
  const headers = { Accept: '*/*', ...(who && { Authorization: `Bearer ${await who.token()}` }) };
  answers.push(await send('HEAD', pathOf(op, options.values, options.query), headers));
  return answers;
}

// Refused, an answer says nothing of whether what it was asked about is there.
async function leakFault(op, kind, who) {
  const isWhole = ['neighbour', 'left'].includes(kind);
  const options = request(op);
  const real = await asked(op, who, options, isWhole);
  for (const name of ['etag', 'link', ...(knowing.includes(kind) ? [] : ['accord-sequence'])]) {
    if (real.some((answer) => name in answer.headers)) return `${told(op, kind)}: is told ${name}`;
  }
  for (const values of absent(op, kind)) {
    const other = request(op, { values });
    const none = await asked(op, who, other, isWhole);
    const unlike = real.map((answer, i) => difference(shown(answer, op, options.values), shown(none[i], op, other.values))).find(Boolean);
    if (unlike) return `${told(op, kind)}: what exists is answered otherwise than what does not (${Object.keys(values)}):${unlike}`;
  }
  return undefined;
}

async function cellFault(op, kind) {
  const who = stage.people(op)[kind];
  const answer = await ask(who, op.id, request(op));
  const fault = statusFault(op, kind, answer);
  if (fault || answer.status < 400 || expected(op.id, kind) === 'may' || readers.includes(kind)) return fault;
  return leakFault(op, kind, who);
}

function row(op, which) {
  test(`${op.id}: ${[...new Set(which.map((kind) => expected(op.id, kind)))].join(', ')}`, async () => {
    await each(which, async (kind) => {
      const fault = await cellFault(op, kind);
      if (fault) throw new Error(fault);
    });
  });
}

// What may be done is done last, when everything that may not has been tried.
const listed = operations.filter((op) => expected(op.id, kinds[0]));
for (const op of listed) row(op, kinds.filter((kind) => expected(op.id, kind) !== 'may'));

// --- what lists show ---------------------------------------------------------------------------------------

test('the list of alliances: everybody sees their own, and nobody how many there are', async () => {
  const own = stage.values.allianceId;
  const seen = { outsider: [], neighbour: [stage.besideId], lapsed: [], former: [], applicant: [own], left: [own], associate: [own], auditor: [own],
    suspended: [own], system: [own], member: [own] };
  const people = stage.people(operation('listAlliances'));
  for (const [kind, wanted] of Object.entries(seen)) {
    const answer = await ask(people[kind], 'listAlliances', { query: { limit: 1000 } });
    const ids = answer.body.items.map((one) => one.id);
    if (wanted.length === 0) assert.deepEqual(answer.body, { items: [] }, `${kind} sees ${answer.text}`);
    else assert.ok(ids.includes(wanted[0]) && (kind === 'neighbour' ? !ids.includes(own) : !ids.includes(stage.besideId)), `${kind} sees ${ids}`);
    assert.equal(answer.headers['accord-sequence'], undefined, 'which alliance would it be of?');
  }
});

test('an applicant, who left and who lapsed know of the roster themselves at most', async () => {
  for (const [kind, code, status] of [['applicant', 'ZZ5', 200], ['left', 'ZZ6', 200], ['lapsed', 'ZZ10', 404]]) {
    const answer = await ask(stage.people(operation('getPartner'))[kind], 'getPartner', stage.at({ values: { organisation: code } }));
    assert.equal(answer.status, status, `${kind}: ${answer.text}`);
  }
});

test('a token that names another organisation than the person\'s, or none at all, opens nothing more', async () => {
  const elsewhere = [stage.reps.ZZ1.with({ organisation: 'ZZ9' }), stage.leads.finance.with({ organisation: 'ZX1' }), stage.neighbour.with({ organisation: undefined })];
  for (const who of elsewhere) {
    for (const id of ['getAlliance', 'listAccounts', 'listRisks', 'listCases', 'listIndicators']) {
      const answer = await ask(who, id, stage.at({ after: null }));
      assert.equal(answer.status, 404, `${id} by ${who.subject} for ${who.organisation}: ${answer.text}`);
    }
  }
});

test('an id of this alliance is none in another: whoever is at home there gets what a stranger\'s id gets', async () => {
  const reads = operations.filter((op) => op.method === 'GET' && op.hasAlliance && inPath(op).some((name) => name.endsWith('Id') && name !== 'allianceId'));
  assert.ok(reads.length > 30, `only ${reads.length}`);
  await each(reads, async (op) => {
    const of = { ...request(op).values, allianceId: stage.besideId };
    const here = Object.fromEntries(inPath(op).map((name) => [name, of[name]]));
    const other = Object.fromEntries(inPath(op).filter((name) => name.endsWith('Id') && name !== 'allianceId').map((name) => [name, randomUUID()]));
    const real = await asked(op, stage.neighbour, request(op, { values: here }), true);
    const none = await asked(op, stage.neighbour, request(op, { values: { ...here, ...other } }), true);
    const unlike = real.map((answer, i) => difference(shown(answer, op, here), shown(none[i], op, { ...here, ...other }))).find(Boolean);
    if (unlike) throw new Error(`${op.id}:${unlike}`);
    if (real[0].status !== 404 && JSON.stringify(real[0].body) !== '{"items":[]}') throw new Error(`${op.id}: ${real[0].status} ${real[0].text}`);
  });
});

test('who stood aside casts no vote, and stands aside once', async () => {
  const at = (body) => stage.at({ values: { organisation: 'ZZ4' }, body, after: null });
  assert.equal((await ask(stage.reps.ZZ4, 'castVote', at({ choice: 'agree' }))).slug, 'not-eligible');
  assert.ok([409, 422].includes((await ask(stage.reps.ZZ4, 'declareRecusal', at({ organisation: 'ZZ4', reason: 'Again.' }))).status));
  const { tally } = await stage.do(200, stage.director, 'getDecision');
  assert.equal(tally.recused, 1);
});

// --- and what may be done ----------------------------------------------------------------------------------

for (const op of listed.filter((one) => kinds.some((kind) => expected(one.id, kind) === 'may'))) row(op, kinds.filter((kind) => expected(op.id, kind) === 'may'));
