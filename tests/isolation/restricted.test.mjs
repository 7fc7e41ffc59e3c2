// A risk, its agenda item and a decision that two partners alone may know of: to everybody else every read stays,
// to the byte, as it was before they were there; and what names one of them is answered as for none.
import assert from 'node:assert/strict';
import { before } from 'node:test';
import { randomUUID } from 'node:crypto';
import { test, each, ask, expect, operations, exampleBody, until } from '../api/harness.mjs';
import { sql } from '../api/database.mjs';
import { inSeconds } from '../api/stage.mjs';
import { Held } from './people.mjs';
import { difference, shown } from './same.mjs';

const named = ['ZZ3', 'ZZ4'];
// Feeds and heads are looked at below: that something happened is public.
const isFeed = (op) => /Journal(Head)?$/.test(op.id);
let stage;
let began; // when the stage was set
let earlier; // what everybody saw before
let heads; // how far the feeds were
let hidden; // what is restricted

const unnamed = () => ({ director: stage.director, representative: stage.reps.ZZ1, chair: stage.leads.chair, auditor: stage.auditor });
const reads = operations.filter((op) => op.method === 'GET' && op.hasAlliance && !isFeed(op));

// What is reckoned as of now says when: instants from then on are none that the stage has.
const withoutNow = (text) => text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (at) => (at >= began && at <= new Date().toISOString() ? '<now>' : at));

// The overview leaves out, and says so, who gives no answer within its second.
const isWhole = (op, { text }) => op.id !== 'getOverview' || !/Incomplete|"incomplete"/.test(text);

// Everything that somebody can read of the stage: in each type, and page by page.
async function everythingOf(who) {
  const seen = {};
  await each(reads, async (op) => {
    const values = { ...stage.values, ...stage.valuesOf(op) };
    for (const type of op.responses['200'].types) {
      for (const limit of op.takes('limit') && type === 'application/json' ? [undefined, 1] : [undefined]) {
        const answer = await until(async () => {
          const one = await ask(who, op.id, { values, query: { ...stage.queryOf(op), limit }, accept: `${type}, application/problem+json`, after: null });
          return isWhole(op, one) && one;
        }, `${op.id} is whole`);
        const { headers, ...rest } = shown(answer, op, values);
        const { 'accord-sequence': _, 'content-length': length, ...others } = headers;
        seen[`${op.id} ${type} ${limit ?? ''}`] = { ...rest, headers: others, length, text: withoutNow(rest.text) };
      }
    }
  });
  return seen;
}

async function everything() {
  const all = {};
  for (const [name, who] of Object.entries({ ...unnamed(), named: stage.reps.ZZ4 })) all[name] = await everythingOf(who);
  return all;
}

// Who may know sees it; by then everybody's service has it.
async function restrictedRisk() {
  const { quality } = stage.leads;
  const { id: riskId } = await stage.do(201, quality, 'logRisk', { body: stage.riskBody({ title: 'In confidence', category: 'safety', likelihood: 5, consequence: 5, restrictedTo: named }) });
  await stage.do(201, quality, 'scoreRisk', { values: { riskId }, body: { likelihood: 4, consequence: 5, reason: 'Less, in confidence.' } });
  await stage.do(201, quality, 'closeReview', { values: { riskId }, body: { findings: 'In confidence.' } });
  const { items } = await stage.see(stage.reps.ZZ4, 'listAgendaItems', (body) => body.items.some((one) => one.subject === `risk/risks/${riskId}`));
  return { riskId, agendaItemId: items.find((one) => one.subject === `risk/risks/${riskId}`).id };
}

const canonical = (value) => (Array.isArray(value) ? `[${value.map(canonical).join(',')}]` : value && typeof value === 'object'
  ? `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}` : JSON.stringify(value));

// As if its owner had described the subject as restricted (no resource that is put to the vote can be, yet): membership's
// journal says so, and the rows follow.
function restrictedDecision() {
  const decisionId = randomUUID();
  const { allianceId } = stage.values;
  const event = JSON.parse(sql(`select body from membership.journal_body where alliance_id = '${allianceId}' and subject = 'decisions/${stage.values.decisionId}'
    and type = 'membership.decision.opened.v1'`).replaceAll(stage.values.decisionId, decisionId));
  Object.assign(event, { restrictedTo: named, subject: `decisions/${decisionId}` });
  Object.assign(event.data.decision, { restrictedTo: named, subject: 'partners/ZZ9', title: 'In confidence', question: 'In confidence?' });
  event.data.elector = event.data.elector.filter((one) => named.includes(one.organisation)); // who decides must know
  delete event.data.frozenSubject;
  sql(`begin; set local role membership; set local search_path = membership, accord; set local accord.alliance_id = '${allianceId}';
    select sequence from journal_lock('${allianceId}', false);
    select sequence from journal_append('${allianceId}', array['restricted'], array[sha256('salt')], array[$body$${canonical(event)}$body$]); commit`);
  return decisionId;
}

before(async () => {
  stage = await Held.set();
  began = new Date().toISOString();
  earlier = await everything();
  for (const [what, answer] of Object.entries(await everythingOf(stage.director))) {
    const unlike = difference(answer, earlier.director[what]);
    if (unlike) throw new Error(`${what} moves by itself: ${unlike}`);
  }
  heads = {};
  for (const service of ['Membership', 'Risk']) heads[service] = (await stage.do(200, stage.director, `list${service}Journal`, { query: { limit: 1 } })).head;
  hidden = { ...(await restrictedRisk()), decisionId: restrictedDecision() };
  stage.share();
});

test('whoever is named sees it: the test has something to miss', async () => {
  const seen = await everythingOf(stage.reps.ZZ4);
  const changed = Object.keys(seen).filter((what) => difference(seen[what], earlier.named[what]));
  for (const id of ['listRisks', 'listRegister', 'listAgendaItems', 'listDecisions']) assert.ok(changed.some((what) => what.startsWith(`${id} `)), `${id} is as before`);
  await stage.do(200, stage.reps.ZZ4, 'getDecision', { values: hidden });
  await stage.do(200, stage.reps.ZZ4, 'getAgendaItem', { values: hidden });
  await stage.do(200, stage.reps.ZZ4, 'getRisk', { values: hidden });
});

test('to everybody else, every read of every service is what it was before: bodies, lengths, pages, cursors, ETags', async () => {
  for (const [name, who] of Object.entries(unnamed())) {
    const seen = await everythingOf(who);
    assert.ok(Object.keys(seen).length > 150);
    const changed = Object.keys(seen).map((what) => [what, difference(earlier[name][what], seen[what])]).filter(([, unlike]) => unlike);
    assert.deepEqual(changed, [], `${name} sees a change`);
  }
});

test('feeds say that something restricted happened, and nothing of what', async () => {
  for (const service of ['Membership', 'Risk']) {
    for (const [name, who] of Object.entries(unnamed())) {
      const { items } = await stage.do(200, who, `list${service}Journal`, { query: { after: heads[service], limit: 1000 } });
      const closed = items.filter((event) => event.class === 'restricted');
      assert.ok(closed.length > 0, `${service} to ${name}`);
      for (const event of items) assert.deepEqual(Object.keys(event).sort(), ['class', 'digest', 'hash', 'sequence'], `${service} to ${name}: ${JSON.stringify(event)}`);
    }
  }
});

const bodies = { castVote: { choice: 'agree' }, declareRecusal: { organisation: 'ZZ1', reason: 'It owns the building.' },
  recordRuling: { organisation: 'ZZ4', outcome: 'take-part', reason: 'It is none.' } };

for (const parameter of ['decisionId', 'agendaItemId', 'riskId']) {
  test(`whatever names it by ${parameter} is answered as for one that never was`, async () => {
    const concerned = operations.filter((op) => op.path.includes(`{${parameter}}`));
    assert.ok(concerned.length >= 2);
    await each(concerned, async (op) => {
      for (const [name, who] of Object.entries(unnamed())) {
        const at = (id, changes) => stage.at({ body: op.body && (bodies[op.id] ?? exampleBody(op)), match: op.needs('If-Match') ? '*' : undefined, after: null, ...changes,
          values: { [parameter]: id } });
        for (const changes of [{}, ...(op.method === 'GET' ? [{ headers: { 'If-None-Match': '"1"' } }, { accept: 'text/csv, application/problem+json' }, { query: { nonsense: '1' } }] : [])]) {
          const [real, none] = [at(hidden[parameter], changes), at(randomUUID(), changes)];
          const unlike = difference(shown(await ask(who, op.id, real), op, real.values), shown(await ask(who, op.id, none), op, none.values));
          if (unlike) throw new Error(`${op.id} by ${name}:${unlike}`);
        }
      }
    });
  });
}

test('no refusal names it: nor another decision, an interest or evidence that points at it', async () => {
  const { director, reps } = { director: stage.director, reps: stage.reps };
  const decision = (subject) => ({ subject, effect: 'accept', question: 'Shall it?', rationale: 'Best for project.', deadlineAt: inSeconds(3600) });
  const tries = [
    [director, 'openDecision', (id) => decision(`risk/risks/${id}`), hidden.riskId],
    [reps.ZZ1, 'logRisk', (id) => stage.riskBody({ links: [`risk/risks/${id}`] }), hidden.riskId],
    [reps.ZZ1, 'declareInterest', (id) => stage.interestBody({ inReference: `risk/risks/${id}` }), hidden.riskId],
    [reps.ZZ3, 'recordLeftShift', (id) => stage.leftShiftBody({ links: [`decisions/${id}`] }), hidden.decisionId],
  ];
  for (const [who, id, bodyOf, real] of tries) {
    const answers = await Promise.all([real, randomUUID()].map((one) => ask(who, id, stage.at({ body: bodyOf(one) }))));
    assert.equal(answers[0].status, answers[1].status, `${id}: ${answers[0].text} / ${answers[1].text}`);
    assert.equal(answers[0].slug, answers[1].slug);
  }
});

test('nor does the time that it takes', async () => {
  const took = { [hidden.riskId]: [], none: [] };
  for (let n = 0; n < 40; n += 1) {
    for (const id of [hidden.riskId, randomUUID()]) {
      const start = performance.now();
      await expect('not-found', stage.director, 'getRisk', stage.at({ values: { riskId: id }, after: null }));
      (took[id] ?? took.none).push(performance.now() - start);
    }
  }
  const [real, none] = Object.values(took).map((all) => all.sort((a, b) => a - b)[20]);
  assert.ok(real / none < 5 && none / real < 5, `${real} ms, and for none ${none} ms`);
});

