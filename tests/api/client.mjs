// One request, once, exactly as asked; the answer checked against the specification. node:http, not
// fetch: tests must be able to send what a polite client does not.
import http from 'node:http';
import { randomUUID } from 'node:crypto';
import { check } from './check.mjs';
import { operation } from './spec.mjs';

const base = () => {
  if (!process.env.ACCORD_BASE_URL) throw new Error('ACCORD_BASE_URL is not set (see tests/api/README.md)');
  return new URL(process.env.ACCORD_BASE_URL);
};
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

// Any request; `headers` may hold arrays (a header repeated). Not checked.
export function send(method, path, headers = {}, body) {
  const { hostname, port } = base();
  return new Promise((done, failed) => {
    const request = http.request({ hostname, port, method, path, headers, agent, timeout: 40000 }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('error', failed);
      response.on('end', () => done(read(response, Buffer.concat(parts), `${method} ${path}`)));
    });
    request.on('timeout', () => request.destroy(new Error(`${method} ${path}: no answer in 40 s`)));
    request.on('error', failed);
    request.end(body);
  });
}

export const isJson = (type) => /^application\/(.*\+)?json$/.test(type);

function read(response, bytes, request) {
  const type = (response.headers['content-type'] ?? '').split(';')[0];
  const text = bytes.toString('utf8');
  const answer = { status: response.statusCode, headers: response.headers, type, text, bytes, request };
  if (isJson(type)) {
    try { answer.body = JSON.parse(text); } catch { answer.body = undefined; }
  }
  if (type === 'application/problem+json') answer.problem = answer.body;
  answer.slug = answer.problem?.type?.replace('/problems/', '');
  return answer;
}

export function pathOf(op, values, query = {}) {
  const path = op.path.replace(/\{(\w+)\}/g, (_, name) => {
    if (values[name] === undefined) throw new Error(`${op.id}: no value for {${name}}`);
    return encodeURIComponent(values[name]);
  });
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== undefined)).toString();
  return text ? `${path}?${text}` : path;
}

// Whose journals a service knows of: its own, and those that it follows.
const follows = { membership: ['ledger', 'reinvestment', 'risk', 'kpi'], ledger: ['membership', 'reinvestment'],
  reinvestment: ['membership', 'ledger'], risk: ['membership', 'kpi'], kpi: ['membership'] };

export function followed(service, positions) {
  return (positions ?? '').split(', ').filter((one) => [service, ...follows[service]].includes(one.split('=')[0])).join(', ');
}

// Asks for an operation as `person` (null: without a token).
//   values   path parameters            query   query parameters
//   body     a value (as JSON), or text as it is                    type    its content type
//   key      Idempotency-Key; POST gets one of its own unless null  match   If-Match
//   after    Accord-After; what the person has seen, unless null    headers others, which win
export async function ask(person, operationId, { values = {}, query, body, type, key, match, after, accept, headers = {} } = {}) {
  const op = operation(operationId);
  const sent = { Accept: accept ?? '*/*' };
  if (person) sent.Authorization = `Bearer ${await person.token()}`;
  if (key !== null && (key || op.method === 'POST')) sent['Idempotency-Key'] = key ?? randomUUID();
  if (match) sent['If-Match'] = match;
  const seen = after === undefined && op.hasAlliance && person ? person.after() : after;
  const positions = after === undefined ? followed(op.service, seen) : seen;
  if (positions) sent['Accord-After'] = positions;
  let text = body;
  if (body !== undefined) {
    sent['Content-Type'] = type ?? op.bodyTypes[0] ?? 'application/json';
    if (typeof body !== 'string' && !Buffer.isBuffer(body)) text = JSON.stringify(body);
    sent['Content-Length'] = Buffer.byteLength(text);
  }
  const all = Object.fromEntries(Object.entries({ ...sent, ...headers }).filter(([, value]) => value !== undefined));
  const answer = await send(op.method, pathOf(op, values, query), all, text);
  answer.request += ` ${JSON.stringify({ ...all, Authorization: all.Authorization ? '...' : undefined })} ${String(text ?? '').slice(0, 1500)}`;
  check(op, answer);
  person?.remember(answer.headers['accord-sequence']);
  return answer;
}

// As ask(), and the status must be this one (a number) or the problem this one (a slug).
export async function expect(wanted, person, operationId, options) {
  const answer = await ask(person, operationId, options);
  const is = typeof wanted === 'number' ? answer.status === wanted : answer.slug === wanted;
  if (!is) throw new Error(`${operationId}: ${answer.status} ${answer.slug ?? ''}, not ${wanted}\n  ${answer.request}\n  ${answer.text}`);
  return answer;
}

// Looks until a condition holds; returns what it gave.
export async function until(condition, what, seconds = 30) {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const result = await condition();
    if (result) return result;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((next) => setTimeout(next, 30)); // between two looks at a condition
  }
}
