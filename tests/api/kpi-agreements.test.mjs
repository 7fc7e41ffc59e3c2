// How a figure becomes everybody's: agreed by both sides, challenged, published, corrected.
import assert from 'node:assert/strict';
import { before } from 'node:test';
import { randomUUID } from 'node:crypto';
import { test } from './harness.mjs';
import { Stage } from './stage.mjs';
import { agreed, month, otherSide } from './measures.mjs';

let stage, quality, finance, commissioner, code;
const nhsNumber = '943 476 5919';
let counter = 0;

// ZZ1 and ZZ3 provide, ZZ2 and ZZ4 commission; the quality lead is of ZZ3, the finance lead of ZZ1.
before(async () => {
  stage = await Stage.set({ only: 'founded' });
  await stage.appointPeople();
  ({ quality, finance } = stage.leads);
  await stage.see(quality, 'listIndicators', () => true);
  commissioner = await otherSide(stage);
  code = await agreed(stage);
  await stage.see(commissioner, 'listIndicators', (body) => body.items.length > 0);
  await stage.see(finance, 'listIndicators', (body) => body.items.length > 0);
});

const at = (id) => ({ values: { observationId: id } });
const look = (id) => stage.do(200, quality, 'getObservation', at(id));
const agree = (wanted, who, id, revision = 1) => stage.do(wanted, who, 'agreeObservation', { ...at(id), body: { revision } });
const publish = (wanted, id, who = quality) => stage.do(wanted, who, 'publishObservation', at(id));

async function observation(status = 'submitted', organisation = 'ZZ1') {
  const made = await stage.do(201, quality, 'recordObservation', {
    body: { indicator: code, organisation, month: month(counter++), numerator: 75, denominator: 100, status } });
  await stage.see(commissioner, 'getObservation', () => true, at(made.id));
  await stage.see(finance, 'getObservation', () => true, at(made.id));
  return made.id;
}

async function published() {
  const id = await observation();
  await agree(201, finance, id);
  await agree(201, commissioner, id);
  await publish(200, id);
  return id;
}

test('both sides agree, then it is published', async () => {
  const id = await observation();
  const own = await agree(201, finance, id);
  assert.deepEqual([own.organisation, own.side, own.revision], ['ZZ1', 'provider', 1]);
  assert.equal((await look(id)).status, 'submitted');
  await publish('state-conflict', id);
  const other = await agree(201, commissioner, id);
  assert.deepEqual([other.organisation, other.side], ['ZZ2', 'commissioner']);
  assert.deepEqual([(await look(id)).status, (await look(id)).revision], ['agreed', 2]);
  const done = await publish(200, id);
  assert.deepEqual([done.status, done.revision, done.numerator], ['published', 3, 75]);
  await publish('state-conflict', id);
  const { items } = await stage.do(200, quality, 'listObservationAgreements', at(id));
  assert.deepEqual(items.map((one) => one.organisation), ['ZZ1', 'ZZ2']);
  const filtered = await stage.do(200, quality, 'listObservations', { query: { indicator: code, status: 'published' } });
  assert.deepEqual(filtered.items.map((one) => one.id), [id]);
  const { events } = await stage.do(200, quality, 'traceObservation', at(id));
  assert.deepEqual(events.map((event) => event.type), ['kpi.observation.recorded.v1', 'kpi.observation.agreed.v1',
    'kpi.observation.agreed.v1', 'kpi.observation.published.v1']);
});

test('nobody agrees twice, for others, to what is not submitted, or to another revision', async () => {
  const id = await observation();
  await agree('rule-broken', quality, id); // another provider
  await agree('state-conflict', finance, id, 2);
  await agree(201, finance, id);
  await agree('already-exists', finance, id);
  await agree('state-conflict', finance, await observation('provisional'));
  await agree('not-found', finance, randomUUID());
});

test('what was published stays, a correction goes round again', async () => {
  const id = await published();
  const revise = (wanted, body, match = '"3"') => stage.do(wanted, quality, 'reviseObservation', { ...at(id), match, body });
  await revise('rule-broken', { status: 'provisional' });
  await revise('rule-broken', { status: 'submitted' });
  await revise('rule-broken', { numerator: 76 });
  const corrected = await revise(200, { numerator: 76, reason: 'A late return.' });
  assert.deepEqual([corrected.status, corrected.revision], ['submitted', 4]);
  const { items } = await stage.do(200, quality, 'listObservationRevisions', at(id));
  assert.deepEqual(items.map((one) => [one.status, one.numerator]),
    [['submitted', 75], ['agreed', 75], ['published', 75], ['submitted', 76]]);
  await agree('state-conflict', finance, id, 1);
  await agree(201, finance, id, 4);
  await agree(201, commissioner, id, 4);
  assert.equal((await publish(200, id)).numerator, 76);
});

test('an import that corrects what was published submits it again', async () => {
  const id = await published();
  const { month: when } = await look(id);
  const rows = [{ organisation: 'ZZ1', month: when, numerator: 77, denominator: 100 }];
  await stage.do(201, quality, 'importObservations', { query: { indicator: code, reason: 'The trust resubmitted.' }, type: 'application/json', body: { rows } });
  assert.deepEqual([(await look(id)).status, (await look(id)).numerator], ['submitted', 77]);
});

test('a query holds a figure up until who raised it closes it', async () => {
  const id = await observation();
  const raised = await stage.do(201, commissioner, 'raiseQuery', { body: { observationId: id, question: 'Are the walk-in centres in it?' } });
  assert.deepEqual([raised.state, raised.raisedBy, raised.revision], ['open', 'ZZ2', 1]);
  await stage.see(finance, 'getQuery', () => true, { values: { queryId: raised.id } });
  await stage.see(quality, 'getQuery', () => true, { values: { queryId: raised.id } });
  await agree('state-conflict', finance, id);
  const on = (wanted, who, what, body) => stage.do(wanted, who, what, { values: { queryId: raised.id }, body });
  await on('unknown-reference', commissioner, 'answerQuery', { answer: 'I think so.' });
  await on('personal-data', finance, 'answerQuery', { answer: nhsNumber });
  const answered = await on(200, finance, 'answerQuery', { answer: 'They are.' });
  assert.deepEqual([answered.state, answered.answeredBy, answered.version], ['answered', 'ZZ1', 2]);
  await on('state-conflict', finance, 'answerQuery', { answer: 'Again.' });
  await agree('state-conflict', finance, id);
  await on('rule-broken', finance, 'closeQuery', {});
  await stage.see(commissioner, 'getQuery', (body) => body.state === 'answered', { values: { queryId: raised.id } });
  await on('personal-data', commissioner, 'closeQuery', { outcome: nhsNumber });
  const closed = await on(200, commissioner, 'closeQuery', { outcome: 'The definition names them now.' });
  assert.equal(closed.state, 'closed');
  await on('state-conflict', commissioner, 'closeQuery', {});
  await stage.see(finance, 'getQuery', (body) => body.state === 'closed', { values: { queryId: raised.id } });
  await agree(201, finance, id);
  const { items } = await stage.do(200, quality, 'listQueries', { query: { observation: id, state: 'closed' } });
  assert.deepEqual(items.map((one) => one.id), [raised.id]);
});

test('what is agreed and then challenged is not published', async () => {
  const id = await observation();
  await agree(201, finance, id);
  await agree(201, commissioner, id);
  const raised = await stage.do(201, commissioner, 'raiseQuery', { body: { observationId: id, question: 'Really?' } });
  await stage.see(quality, 'getQuery', () => true, { values: { queryId: raised.id } });
  await publish('state-conflict', id);
});

test('a query of nothing, or of a person, is refused', async () => {
  await stage.do('unknown-reference', commissioner, 'raiseQuery', { body: { observationId: randomUUID(), question: 'Which?' } });
  await stage.do('personal-data', commissioner, 'raiseQuery', { body: { observationId: await observation(), question: `Is ${nhsNumber} in it?` } });
});
