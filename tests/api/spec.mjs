// The merged specification as the tests read it: operations, and validators for every schema in it.
// An independent validator (ajv), so that a fault in ours does not excuse itself.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const file = process.env.ACCORD_SPEC ?? fileURLToPath(new URL('../../build/generated/openapi.json', import.meta.url));
export const document = JSON.parse(readFileSync(file, 'utf8'));
export const services = ['membership', 'ledger', 'reinvestment', 'risk', 'kpi'];

const ajv = new Ajv2020.default({ strict: false, allErrors: true, validateSchema: false });
addFormats.default(ajv);
ajv.addFormat('int32', { type: 'number', validate: (n) => Number.isInteger(n) && Math.abs(n) <= 2 ** 31 });
ajv.addFormat('int64', { type: 'number', validate: Number.isInteger });
ajv.addSchema({ $id: 'api', ...document });

export function resolve(node) {
  while (node && node.$ref) node = node.$ref.slice(2).split('/').reduce((at, step) => at[unescapePointer(step)], document);
  return node;
}

const unescapePointer = (step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
const escapePointer = (step) => String(step).replaceAll('~', '~0').replaceAll('/', '~1');

const compiled = new Map();

// What is wrong with `value` by the schema at this place in the document: [] when nothing is.
export function faults(place, value) {
  const pointer = place.map(escapePointer).map(encodeURIComponent).join('/');
  if (!compiled.has(pointer)) compiled.set(pointer, ajv.compile({ $ref: `api#/${pointer}` }));
  const validate = compiled.get(pointer);
  return validate(value) ? [] : validate.errors.map((e) => `${e.instancePath || '/'} ${e.message}${
    e.params.additionalProperty ? ` (${e.params.additionalProperty})` : ''}`);
}

// Where a reference (or the node itself) stands, as steps.
function placeOf(node, own) {
  return node.$ref ? node.$ref.slice(2).split('/').map(unescapePointer) : own;
}

function serviceOf(path) {
  const [, , , segment, second] = path.split('/').slice(1);
  const first = segment === 'journals' ? second : segment;
  return services.includes(first) ? first : 'membership';
}

function readResponse(status, node, own) {
  const place = placeOf(node, own);
  const response = resolve(node);
  const problem = response.content?.['application/problem+json'];
  const headers = Object.entries(response.headers ?? {}).map(([name, header]) => ({
    name: name.toLowerCase(),
    isRequired: Boolean(resolve(header).required),
    place: [...placeOf(header, [...place, 'headers', name]), 'schema'],
    schema: resolve(resolve(header).schema),
  }));
  return {
    status,
    types: Object.keys(response.content ?? {}),
    schemaPlace: (type) => [...place, 'content', type, 'schema'],
    headers,
    // slug -> the example that says its title and code
    problems: Object.fromEntries(Object.entries(problem?.examples ?? {}).map(([slug, e]) => [slug, resolve(e).value])),
  };
}

function readOperation(path, method, node) {
  const own = ['paths', path, method];
  const parameters = (node.parameters ?? []).map((parameter, i) => ({
    ...resolve(parameter),
    schemaPlace: [...placeOf(parameter, [...own, 'parameters', String(i)]), 'schema'],
  }));
  const responses = Object.fromEntries(Object.entries(node.responses).map(([status, response]) =>
    [status, readResponse(Number(status), response, [...own, 'responses', status])]));
  return {
    id: node.operationId,
    method: method.toUpperCase(),
    path,
    service: serviceOf(path),
    hasAlliance: path.includes('{allianceId}'),
    isPublic: (node.security ?? []).length === 0,
    scopes: node.security?.[0]?.accessToken ?? [],
    roles: node['x-roles'] ?? [],
    ownProblems: node['x-problems'] ?? [],
    parameters,
    takes: (name) => parameters.some((p) => p.name.toLowerCase() === name.toLowerCase()),
    needs: (name) => parameters.some((p) => p.name.toLowerCase() === name.toLowerCase() && p.required),
    body: resolve(node.requestBody),
    bodyTypes: Object.keys(resolve(node.requestBody)?.content ?? {}),
    bodyPlace: (type) => [...own, 'requestBody', 'content', type, 'schema'],
    responses,
    successes: Object.keys(responses).filter((status) => status < 400),
    problems: Object.values(responses).flatMap((response) => Object.keys(response.problems)),
  };
}

export const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).filter(([method]) => ['get', 'put', 'post', 'patch', 'delete'].includes(method))
    .map(([method, node]) => readOperation(path, method, node)));

const byId = new Map(operations.map((operation) => [operation.id, operation]));

export function operation(id) {
  const found = byId.get(id);
  if (!found) throw new Error(`there is no operation ${id}`);
  return found;
}

// The example of a request body.
export function exampleBody(op, type = op.bodyTypes[0]) {
  const media = op.body.content[type];
  return structuredClone(media.example ?? resolve(Object.values(media.examples)[0]).value);
}
