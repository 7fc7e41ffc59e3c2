// The API as tools for web sites can attack it: each operation is a page whose query parameters are all that somebody
// outside can fill in; what a tool puts there, the gate puts into the path, the query, the header or the JSON member that it
// stands for, with the token of who may. It counts what was attacked and what came of it.
//
//   tests/node tests/attack/gate.mjs        one line of JSON: where it listens, and all targets; until stdin ends
//
//   GET  /<anything>/<operationId>?<points>   POST /index: a JSON list of links, which GET /pages/ then has   GET /report
import http from 'node:http';
import { randomUUID } from 'node:crypto';
import { pathOf } from '../api/client.mjs';
import { operations } from '../api/spec.mjs';
import { Stage } from '../api/stage.mjs';
import { pointsOf, requestOf } from './points.mjs';

const base = new URL(process.env.ACCORD_BASE_URL);
const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
const stage = await Stage.set();
stage.share();
const targets = new Map(operations.map((op) => [op.id, { op, points: pointsOf(op, stage), who: stage.whoMay(op), plain: [], statuses: {}, attacked: {} }]));
const bad = [];
const ATTEMPTS_MAX = 5;
let links = [];

// A header is bytes without line ends: whoever sends one of those sends two headers.
const headerText = (text) => Buffer.from(String(text), 'utf8').toString('latin1').replace(/[\x00-\x08\x0a-\x1f\x7f]/g, ' ');

// Ids and times are others with each answer, attacked or not: without them it only differs where the attack makes it.
const settled = (text) => text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'id').replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'time');

function note({ op, plain, statuses, attacked }, changed, status, why) {
  const names = Object.keys(changed);
  if (names.length === 0) plain.push(status);
  else statuses[status] = (statuses[status] ?? 0) + 1;
  for (const name of names) attacked[name] = (attacked[name] ?? 0) + 1;
  if (status >= 500 || status === 429 || status === 0) bad.push({ operation: op.id, status, changed, why });
}

async function forward(target, asked, response) {
  const { op, points, who } = target;
  const changed = Object.fromEntries(points.filter(({ name, text }) => asked.has(name) && asked.get(name) !== text).map(({ name }) => [name, asked.get(name)]));
  const { values, query, headers, type, body } = requestOf(op, stage, points, changed, randomUUID());
  const sent = { Authorization: `Bearer ${await who.token()}`, ...Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, headerText(text)])),
    ...(body && { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }) };
  const options = { hostname: base.hostname, port: base.port, agent, method: op.method, path: pathOf(op, values, query), headers: sent, timeout: 60000 };
  ask(target, changed, options, body, response, ATTEMPTS_MAX);
}

// Who is told to come again comes again, as every client does: only a 503 that stays is one that the attack has made.
function ask(target, changed, options, body, response, attempts) {
  const request = http.request(options, (answer) => {
    if (answer.statusCode === 503 && attempts > 1) {
      answer.resume();
      setTimeout(() => ask(target, changed, options, body, response, attempts - 1), 1000 * Number(answer.headers['retry-after'] ?? 1));
      return;
    }
    note(target, changed, answer.statusCode);
    const { connection, 'transfer-encoding': coding, 'content-length': length, ...others } = answer.headers;
    let text = '';
    answer.setEncoding('utf8').on('data', (part) => { text += part; }).on('end', () => {
      response.writeHead(answer.statusCode, others);
      response.end(settled(text));
    });
  });
  request.on('timeout', () => request.destroy(new Error('no answer')));
  request.on('error', (error) => {
    note(target, changed, 0, error.message);
    response.destroy();
  });
  request.end(body);
}

function answer(response, text, type = 'application/json') {
  response.writeHead(200, { 'Content-Type': type });
  response.end(text);
}

const html = (text) => text.replace(/[&"<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
const report = () => ({ bad, targets: [...targets].map(([id, { plain, statuses, attacked }]) => ({ id, plain, statuses, attacked })) });

function index(request, response) {
  let text = '';
  request.on('data', (part) => { text += part; }).on('end', () => {
    links = JSON.parse(text);
    answer(response, '{}');
  });
}

const server = http.createServer({ maxHeaderSize: 65536 }, (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://gate');
  if (pathname === '/index') return index(request, response);
  request.resume();
  if (pathname === '/report') return answer(response, JSON.stringify(report()));
  if (pathname === '/pages/') return answer(response, links.map((link) => `<a href="${html(link)}">one</a>\n`).join(''), 'text/html');
  const target = targets.get(pathname.split('/').at(-1));
  if (target) return forward(target, searchParams, response);
  response.writeHead(404);
  return response.end();
});
server.listen(0, '127.0.0.1', () => {
  const all = [...targets].map(([id, { op, points }]) => ({ id, service: op.service, method: op.method,
    points: points.map(({ name, text }) => ({ name, query: new URLSearchParams([[name, text]]).toString().replaceAll('*', '%2A') })) }));
  console.log(JSON.stringify({ port: server.address().port, targets: all }));
});
process.stdin.on('end', () => process.exit(0)).resume();
