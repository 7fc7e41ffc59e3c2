// What only a cluster in trouble shows: requests that wait, a client that asks too fast, a database
// that is away. Runs alone, against a cluster of its own (ACCORD_SERVICES, ACCORD_TEST_DATABASE).
import { before } from 'node:test';
import { spawn, execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { test, each, ask, expect, operations, exampleBody, services, until } from './harness.mjs';
import { Stage } from './stage.mjs';

let stage;
before(async () => { stage = await Stage.set(); });

const proper = (op, changes = {}) => stage.at({
  body: op.body ? exampleBody(op) : undefined, after: null, match: op.needs('If-Match') ? '"1"' : undefined,
  query: Object.fromEntries(op.parameters.filter((p) => p.in === 'query' && p.required).map((p) => [p.name, stage.values[`${p.name}Code`] ?? p.example])),
  ...changes });

// psql as a superuser, holding what it locked until end().
async function locked(statements) {
  const psql = spawn('psql', ['-qAtX', '-v', 'ON_ERROR_STOP=1', '-d', process.env.ACCORD_TEST_DATABASE], { stdio: ['pipe', 'pipe', 'inherit'] });
  psql.stdin.write(`begin;\n${statements};\nselect 'locked';\n`);
  for await (const text of psql.stdout) if (String(text).includes('locked')) break;
  return { end: async () => { psql.stdin.end('rollback;\n'); if (psql.exitCode === null) await once(psql, 'exit'); } };
}

test('request-running: the same key again while the first is at work', async () => {
  for (const service of services) {
    const hold = await locked(`set search_path = ${service}, accord; select 1 from journal_head where alliance_id = '${stage.values.allianceId}' for update`);
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

test('rate-limited: a client that asks too fast, at every operation', async () => {
  for (const service of services) {
    const greedy = stage.director.with({ client: `greedy-${service}` });
    const list = operations.find((op) => op.service === service && op.method === 'GET' && op.takes('cursor') && op.roles.includes('partner'));
    let isOver = false;
    const flood = Array.from({ length: 24 }, async () => { while (!isOver) await ask(greedy, list.id, proper(list)); });
    try {
      await each(operations.filter((op) => op.service === service), (op) => until(async () => {
        const answer = await ask(stage.whoMay(op).with({ client: `greedy-${service}` }), op.id, proper(op, { accept: undefined, query: { surplus: '1' } }));
        return answer.slug === 'rate-limited';
      }, `${op.id} rate-limited`), 8);
    } finally { isOver = true; await Promise.all(flood); }
  }
});

test('unavailable: without the database, at every operation, and well again with it', async () => {
  const control = (what) => execFileSync('s6-svc', [what, `${process.env.ACCORD_SERVICES}/postgres`]);
  control('-d');
  try {
    await until(async () => (await ask(stage.director, 'getAlliance', proper({ needs: () => false, parameters: [] }))).slug === 'unavailable', 'the database is away');
    await each(operations, (op) => until(async () => (await ask(stage.whoMay(op), op.id, proper(op))).slug === 'unavailable', `${op.id} unavailable`));
  } finally { control('-u'); }
  for (const id of ['getAlliance', 'listAccounts', 'listCases', 'listRisks', 'listIndicators']) {
    await until(async () => (await ask(stage.director, id, stage.at({ after: null }))).status === 200, `${id} well again`);
  }
});
