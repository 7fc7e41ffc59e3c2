// What only a cluster in trouble shows: requests that wait, a client that asks too fast, a database
// that is away. Runs alone, against a cluster of its own (ACCORD_SERVICES, ACCORD_TEST_DATABASE).
import { before } from 'node:test';
import assert from 'node:assert/strict';
import net from 'node:net';
import { readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { test, each, ask, expect, pathOf, operations, exampleBody, services, until } from './harness.mjs';
import { headLocked } from './database.mjs';
import { Stage } from './stage.mjs';

let stage;
before(async () => { stage = await Stage.set(); });

const proper = (op, changes = {}) => stage.at({
  body: op.body ? exampleBody(op) : undefined, after: null, match: op.needs('If-Match') ? '"1"' : undefined,
  query: stage.queryOf(op),
  ...changes });

test('request-running: the same key again while the first is at work', async () => {
  for (const service of services) {
    const hold = await headLocked(service, stage.values.allianceId);
    try {
      const writes = operations.filter((op) => op.service === service && op.problems.includes('request-running') && op.hasAlliance);
      await each(writes, async (op) => {
        const key = randomUUID();
        // several at once: one is at work, held up by the lock; the others hear that it is
        const answers = await Promise.all([1, 2, 3].map(() => ask(stage.whoMay(op), op.id, proper(op, { key }))));
        if (!answers.some((answer) => answer.slug === 'request-running')) throw new Error(`${op.id}: ${answers.map((a) => a.slug ?? a.status)}`);
      }, 4);
    } finally { await hold.end(); }
  }
});

test('request-running: of an alliance that is being founded', async () => {
  const key = randomUUID();
  const body = stage.foundingBody('Founded once');
  const answers = await Promise.all(Array.from({ length: 12 }, () => ask(stage.reps.ZZ1, 'foundAlliance', { key, body })));
  if (!answers.some((answer) => answer.slug === 'request-running')) throw new Error(`foundAlliance: ${answers.map((a) => a.slug ?? a.status)}`);
  const ids = new Set(answers.filter((answer) => answer.status === 201).map((answer) => answer.body.id));
  if (ids.size !== 1) throw new Error(`${ids.size} alliances for one key`);
});

// Asks a service as fast as the line takes it, past nginx, which would have to work as much: requests one after the other on a
// few connections, answers unread. A connection that ends is followed by another.
function flood(service, path, headers) {
  const [host, port] = JSON.parse(readFileSync(process.env.ACCORD_CONFIG, 'utf8')).services[service].instances[0].http.split(':');
  const one = `GET ${path} HTTP/1.1\r\nHost: flood\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  const many = Buffer.from(one.repeat(50));
  const sockets = new Set();
  let isOver = false;
  const line = () => {
    const socket = net.connect(Number(port), host);
    const more = () => { while (!isOver && socket.write(many)); };
    sockets.add(socket);
    socket.on('connect', more).on('drain', more).on('error', () => {}).resume();
    socket.on('close', () => {
      sockets.delete(socket);
      if (!isOver) line();
    });
  };
  for (let i = 0; i < 6; i++) line();
  return () => { isOver = true; sockets.forEach((socket) => socket.destroy()); };
}

test('rate-limited: a client that asks too fast, at every operation', async () => {
  for (const service of services) {
    const client = `greedy-${service}`;
    const list = operations.find((op) => op.service === service && op.method === 'GET' && op.takes('cursor') && op.roles.includes('partner'));
    const stop = flood(service, pathOf(list, stage.values), { Authorization: `Bearer ${await stage.director.with({ client }).token()}`, Accept: 'image/png' });
    try {
      await each(operations.filter((op) => op.service === service && !op.isPublic), (op) => until(async () => {
        // one that would be refused for another reason, if it were not for the rate
        const answer = await ask(stage.whoMay(op).with({ client }), op.id, proper(op, { accept: 'image/png' }));
        return answer.slug === 'rate-limited' && answer.headers['retry-after'];
      }, `${op.id} rate-limited`), 4);
    } finally { stop(); }
  }
});

test('overview: who gives no answer in time is named, and the rest is there', async () => {
  const control = (what) => execFileSync('s6-svc', [what, `${process.env.ACCORD_SERVICES}/kpi`]);
  control('-p');
  try {
    const { body } = await expect(200, stage.director, 'getOverview', stage.at({ after: null }));
    assert.deepEqual([body.incomplete, body.indicators], [['kpi'], undefined]);
    assert.ok(body.money && body.cases && body.risks);
    const page = await expect(200, stage.director, 'getOverview', stage.at({ after: null, accept: 'text/html' }));
    assert.match(page.text, /Incomplete.*kpi/);
  } finally { control('-c'); }
  await until(async () => !(await expect(200, stage.director, 'getOverview', stage.at({ after: null }))).body.incomplete, 'the page is whole again');
});

test('unavailable: without the database, at every operation, and well again with it', async () => {
  const control = (what) => execFileSync('s6-svc', [what, `${process.env.ACCORD_SERVICES}/postgres`]);
  control('-d');
  try {
    await until(async () => (await ask(stage.director, 'getAlliance', proper({ needs: () => false, parameters: [] }))).slug === 'unavailable', 'the database is away');
    await each(operations.filter((op) => op.problems.includes('unavailable')), (op) =>
      until(async () => (await ask(stage.whoMay(op), op.id, proper(op))).slug === 'unavailable', `${op.id} unavailable`));
    // the edge and the services live all the same, and say what they lack
    assert.deepEqual((await expect(200, null, 'ping')).body, { status: 'pass' });
    await until(async () => {
      const { body } = await expect(200, stage.director, 'getStatus');
      return body.services.every((one) => one.state === 'not-ready');
    }, 'no service is ready');
  } finally { control('-u'); }
  for (const id of ['getAlliance', 'listAccounts', 'listCases', 'listRisks', 'listIndicators']) {
    await until(async () => (await ask(stage.director, id, stage.at({ after: null }))).status === 200, `${id} well again`);
  }
  await until(async () => (await expect(200, stage.director, 'getStatus')).body.services.every((one) => one.state === 'ready'), 'every service is ready');
});
