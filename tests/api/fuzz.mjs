// Property-based fuzz with the specification as oracle: whatever is sent, the answer is a documented
// one, never a 5xx. Most requests match their schema and name things that exist.
//
//   tests/node tests/api/fuzz.mjs [--requests 2000] [--seed N] [--service NAME]
import { parseArgs } from 'node:util';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { ask } from './client.mjs';
import { arbitrary, bodyOf } from './arbitrary.mjs';
import { operation, operations, services } from './spec.mjs';
import { Stage, today } from './stage.mjs';
import { testName } from './check.mjs';

const { values: settings } = parseArgs({ options: {
  requests: { type: 'string', default: '2000' }, seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  service: { type: 'string', multiple: true, default: services } } });
const seed = Number(settings.seed);
const atOnce = 4;
const badShape = new Set(['malformed-request', 'malformed-body', 'invalid-body', 'invalid-parameter', 'invalid-cursor', 'idempotency-key-missing',
  'unauthenticated', 'scope-missing', 'not-acceptable', 'body-too-large', 'unsupported-media-type', 'precondition-missing']);

// Names and values that mean something on this stage.
function hintsOf({ values, leads }) {
  const accounts = ['pool:planned', 'reserve:cost-risk', 'ring-fence:elective', 'partner:ZZ1:position', 'partner:ZZ3:position'];
  const organisations = ['ZZ1', 'ZZ2', 'ZZ3', 'ZZ4'];
  return { accountCode: accounts, 'debitAccounts[]': accounts, 'creditAccounts[]': accounts, mandateId: [values.mandateId],
    organisation: organisations, beneficiary: organisations, owner: organisations, ringFence: ['elective'], category: ['equipment', 'workforce'],
    setting: ['community'], indicator: [values.indicatorCode], month: ['2025-26-M03', '2025-26-M04', '2016-17-M01', values.month], pool: ['community', 'planned'], toAccount: accounts,
    revision: [1, 2], year: ['2016-17', '2026-27'], effectiveOn: [today()],
    group: ['leadership'], reportsTo: ['leadership'], startsOn: [today(-3)], endsOn: [today(20)], milestone: ['ready'], appointmentId: [values.appointmentId], code: ['fuzzed', 'ae-4-hours'],
    subject: [`partners/ZZ5`, `hosts/${values.hostFunction}/versions/2`, `ledger/mandates/${values.mandateId}`, `reinvestment/cases/${values.caseId}`, `ledger/settlements/${values.settlementId}`,
      `ledger/reserve-releases/${values.releaseId}`, 'alliance'],
    effect: ['admit', 'grant', 'approve', 'post', 'release', 'appoint', 'suspend', 'close'], issuer: leads ? ['https://issuer.accord.example'] : [] };
}

// A value for a parameter: mostly one that exists.
const parameterOf = (parameter, known, hints) => {
  const any = arbitrary(parameter.schema, hints, parameter.name).map(String);
  return known === undefined ? any : fc.oneof({ arbitrary: fc.constant(String(known)), weight: 9 }, { arbitrary: any, weight: 1 });
};

function requestOf(op, stage, hints) {
  const inPath = op.parameters.filter((p) => p.in === 'path');
  const inQuery = op.parameters.filter((p) => p.in === 'query' && p.name !== 'cursor');
  const json = op.bodyTypes.find((type) => type.endsWith('json'));
  const body = json ? fc.oneof({ arbitrary: bodyOf(op, hints), weight: 9 }, { arbitrary: fc.jsonValue({ noUnicodeString: false }), weight: 1 }) : fc.constant(undefined);
  return fc.record({
    id: fc.constant(op.id),
    values: fc.record(Object.fromEntries(inPath.map((p) => [p.name, p.name === 'allianceId' ? fc.constant(stage.values.allianceId)
      : parameterOf(p, stage.valuesOf(op)[p.name] ?? stage.values[p.name], hints)]))),
    query: fc.record(Object.fromEntries(inQuery.map((p) => [p.name, parameterOf(p, p.required ? stage.values[`${p.name}Code`] : undefined, hints)])),
      { requiredKeys: inQuery.filter((p) => p.required).map((p) => p.name) }),
    body,
    match: op.takes('If-Match') ? fc.oneof(fc.constantFrom('"1"', '"2"', '*'), fc.nat(99).map((n) => `"${n}"`)) : fc.constant(undefined),
    who: fc.oneof({ arbitrary: fc.constant('who may'), weight: 9 }, { arbitrary: fc.constantFrom('clerk', 'director', 'stranger'), weight: 1 }),
  });
}

async function fuzz(service, stage) {
  const hints = hintsOf(stage);
  const concerned = operations.filter((op) => op.service === service && op.id !== 'leaveAlliance' && op.id !== 'endAppointment');
  const any = fc.oneof(...concerned.map((op) => ({ arbitrary: requestOf(op, stage, hints), weight: op.method === 'GET' ? 1 : 3 })));
  const count = { sent: 0, valid: 0, done: 0 };
  const one = async ({ id, values, query, body, match, who }) => {
    const op = operation(id);
    const person = who === 'who may' ? stage.whoMay(op) : stage[who];
    const json = op.bodyTypes.find((type) => type.endsWith('json'));
    const answer = await ask(person.with({ client: `fuzz-${service}` }), op.id, { values, query, body: body === undefined ? undefined : JSON.stringify(body), type: json, match,
      key: op.method === 'POST' ? randomUUID() : undefined, after: null });
    count.sent += 1;
    if (!badShape.has(answer.slug)) count.valid += 1;
    if (answer.status < 300) count.done += 1;
    if (answer.status >= 500) throw new Error(`${op.id}: ${answer.status}\n  ${answer.request}\n  ${answer.text}`);
  };
  const rounds = Math.ceil(Number(settings.requests) / atOnce);
  await fc.assert(fc.asyncProperty(fc.array(any, { minLength: atOnce, maxLength: atOnce }), async (requests) => { await Promise.all(requests.map(one)); }),
    { numRuns: rounds, seed, endOnFailure: false, interruptAfterTimeLimit: 300000, markInterruptAsFailure: true });
  return count;
}

let failed = 0;
const stage = await Stage.set();
for (const service of settings.service) {
  try {
    const count = await testName.run(`fuzz of ${service}`, () => fuzz(service, stage));
    const share = Math.round((100 * count.valid) / count.sent);
    console.log(`  ${service}: ${count.sent} requests, ${share}% valid, ${count.done} done (seed ${seed})`);
    if (share < 60) throw new Error(`only ${share}% of the requests to ${service} were valid`);
  } catch (error) {
    failed += 1;
    console.log(`  ${service}: FAILED (seed ${seed})\n${(error.cause ?? error).message}\n${error.cause ? error.message.slice(0, 600) : ''}`);
  }
}
console.log(`${settings.service.length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
