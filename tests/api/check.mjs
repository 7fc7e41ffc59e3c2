// Every answer is held against the specification: status, type, headers, body. What it showed is
// written down for matrix.mjs.
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AsyncLocalStorage } from 'node:async_hooks';
import { faults } from './spec.mjs';

export const coverageFile = process.env.ACCORD_COVERAGE ??
  fileURLToPath(new URL('../../build/tests/api-coverage.jsonl', import.meta.url));
export const testName = new AsyncLocalStorage();

const always = {
  'cache-control': /^private, no-cache$/,
  'x-content-type-options': /^nosniff$/,
  'content-security-policy': /^default-src 'none'; (style-src 'unsafe-inline'; )?frame-ancestors 'none'$/,
  'strict-transport-security': /^max-age=\d+/,
  vary: /^Authorization, Accept$/,
  'x-request-id': /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
};

function headerFaults(answer, documented) {
  const wrong = Object.entries(always).filter(([name, pattern]) => !pattern.test(answer.headers[name] ?? ''))
    .map(([name]) => `header ${name}: ${answer.headers[name] ?? 'is missing'}`);
  for (const name of ['access-control-allow-origin', 'x-powered-by', 'set-cookie']) {
    if (name in answer.headers) wrong.push(`header ${name} has no place here`);
  }
  for (const header of documented?.headers ?? []) {
    const text = answer.headers[header.name];
    if (text === undefined) {
      if (header.isRequired) wrong.push(`header ${header.name} is missing`);
      continue;
    }
    const value = header.schema.type === 'integer' ? Number(text) : text;
    wrong.push(...faults(header.place, value).map((fault) => `header ${header.name}: ${text}: ${fault}`));
  }
  return wrong;
}

// What is refused before the alliance's state was looked at.
const early = ['unauthenticated', 'scope-missing', 'rate-limited', 'malformed-body', 'invalid-body', 'invalid-parameter',
  'idempotency-key-missing', 'not-acceptable', 'unsupported-media-type'];
// What cannot be refused without it.
const late = ['role-missing', 'invalid-cursor', 'stale-version', 'rule-broken', 'state-conflict', 'decision-closed', 'already-exists'];

function positionFaults(op, answer) {
  const position = answer.headers['accord-sequence'];
  if (position === undefined) {
    return op.hasAlliance && (answer.status < 400 || late.includes(answer.slug)) ? ['header accord-sequence is missing'] : [];
  }
  if (early.includes(answer.slug)) return [`header accord-sequence: ${position}: nothing was looked at`];
  return new RegExp(`^${op.service}=\\d+$`).test(position) ? [] : [`header accord-sequence: ${position}: not of ${op.service}`];
}

function problemFaults(answer, documented) {
  const { problem } = answer;
  const slug = problem.type?.replace('/problems/', '');
  const said = documented.problems[slug];
  if (!said) return [`problem ${slug} is not documented (${Object.keys(documented.problems).join(', ')})`];
  const wrong = ['title', 'code', 'status'].filter((name) => problem[name] !== said[name])
    .map((name) => `problem ${slug}: ${name} is ${problem[name]}, not ${said[name]}`);
  if (problem.requestId !== answer.headers['x-request-id']) wrong.push('requestId is not the header\'s');
  if (answer.status >= 500 && problem.detail) wrong.push(`a ${answer.status} tells its detail: ${problem.detail}`);
  return wrong;
}

function bodyFaults(answer, documented) {
  if ([204, 304].includes(answer.status)) return answer.text === '' ? [] : ['there is a body'];
  if (!documented.types.includes(answer.type)) return [`content type ${answer.type} is not documented`];
  if (answer.body === undefined) return answer.type.endsWith('/json') ? ['the body is no JSON'] : [];
  return faults(documented.schemaPlace(answer.type), answer.body).map((fault) => `body: ${fault}`);
}

// Throws unless the answer is one that the operation documents.
export function check(op, answer) {
  const documented = op.responses[answer.status];
  const wrong = documented ? [...headerFaults(answer, documented), ...positionFaults(op, answer), ...bodyFaults(answer, documented)]
    : [`status ${answer.status} is not documented`];
  if (documented && answer.problem) wrong.push(...problemFaults(answer, documented));
  if (wrong.length) {
    throw new Error(`${op.id}: ${answer.request}\n  answered ${answer.status} ${answer.text.slice(0, 1500)}\n  ${wrong.join('\n  ')}`);
  }
  record(op, answer);
}

mkdirSync(dirname(coverageFile), { recursive: true });

function record(op, answer) {
  const shown = answer.problem ? answer.problem.type.replace('/problems/', '') : String(answer.status);
  appendFileSync(coverageFile, `${JSON.stringify([op.id, shown, testName.getStore() ?? 'setting the stage'])}\n`);
}
