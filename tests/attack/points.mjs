// What of an operation somebody outside can fill in: each path parameter, query parameter, header and member of the
// body, with a value that means something on the stage; and the request that comes of changing some of them.
import fc from 'fast-check';
import { followed } from '../api/client.mjs';
import { exampleBody, resolve } from '../api/spec.mjs';
import { arbitrary } from '../api/arbitrary.mjs';
import { today } from '../api/stage.mjs';

// Where the specification's example names what this stage has not.
const bodies = {
  foundAlliance: (stage) => stage.foundingBody('Attacked'),
  declareInterest: (stage) => stage.interestBody(),
  submitActuals: (stage) => stage.actualsBody(),
  postTransaction: (stage) => stage.transactionBody(1),
  postBulk: (stage) => ({ mandateId: stage.values.mandateId, transactions: [(({ mandateId, ...one }) => one)(stage.transactionBody(1))] }),
  placeHold: (stage) => stage.holdBody({ amount: { amount: 1, currency: 'GBP' } }),
  draftMandate: (stage) => stage.mandateBody(),
  draftReserveRelease: (stage) => stage.releaseBody(),
  draftCase: (stage) => stage.caseBody(),
  recordLeftShift: (stage) => stage.leftShiftBody(),
  logRisk: (stage) => stage.riskBody(),
  draftSpecification: (stage) => stage.specificationBody(),
  castVote: () => ({ choice: 'agree' }),
};

const known = (stage) => ({ ...stage.values, observation: stage.values.observationId, owner: 'ZZ1', beneficiary: 'ZZ3', provider: 'ZZ1', sponsor: 'ZZ3',
  indicator: stage.values.indicatorCode, pool: 'planned', year: '2016-17', group: stage.values.groupCode, on: today(), from: today(-30), to: today(30) });

// A value that a schema takes; of objects all members.
function sample(node, stage, name) {
  const schema = resolve(node);
  if (name in known(stage) && schema.type !== 'object' && schema.type !== 'array') return known(stage)[name];
  if ('const' in schema) return schema.const;
  if ('example' in schema) return schema.example;
  if (schema.examples?.length) return schema.examples[0];
  if (schema.enum) return schema.enum[0];
  const choice = (schema.oneOf ?? schema.anyOf)?.map(resolve).find((one) => one.type !== 'null');
  if (choice && !schema.properties) return sample(choice, stage, name);
  if (schema.properties) return Object.fromEntries(Object.entries(membersOf(schema)).map(([member, one]) => [member, sample(one, stage, member)]));
  if (schema.type === 'array') return [sample(schema.items, stage, name)];
  return fc.sample(arbitrary(schema), { seed: 7, numRuns: 1 })[0];
}

// All members that a body may have here, whichever alternative it is of.
function membersOf(node) {
  const schema = resolve(node);
  const parts = [...(schema.allOf ?? []), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])].map(membersOf);
  const own = Object.entries(schema.properties ?? {}).filter(([, member]) => !resolve(member).readOnly);
  return Object.assign({}, ...parts, Object.fromEntries(own));
}

function itemsOf(node) {
  const schema = resolve(node);
  return schema?.items ?? [...(schema?.allOf ?? []), ...(schema?.oneOf ?? []), ...(schema?.anyOf ?? [])].map(itemsOf).find(Boolean);
}

// Visits each leaf of a body. What the example lacks is `extra`: sent only when something in it is changed.
function leaves(value, schema, stage, at = [], extra) {
  if (Array.isArray(value)) return value.length ? leaves(value[0], schema && itemsOf(schema), stage, [...at, 0], extra) : [];
  if (value === null || typeof value !== 'object') return [{ at, value, extra }];
  const members = schema ? membersOf(schema) : {};
  const found = Object.entries(value).flatMap(([name, one]) => leaves(one, members[name], stage, [...at, name], extra));
  const lacking = Object.keys(members).filter((name) => !(name in value)).flatMap((name) => {
    const root = { at: [...at, name], value: sample(members[name], stage, name) };
    return leaves(root.value, members[name], stage, root.at, root);
  });
  return [...found, ...lacking];
}

const bodyPoints = (op, stage, type) => (type ? leaves((bodies[op.id] ?? (() => exampleBody(op, type)))(stage), op.body.content[type].schema, stage)
  .map((leaf) => ({ in: 'body', name: `body.${leaf.at.join('.')}`, ...leaf })) : []);

function parameterValue(parameter, op, stage) {
  const { name } = parameter;
  if (name === 'limit') return 5; // long lists are only slower to compare
  if (name === 'Accord-After') return followed(op.service, stage.whoMay(op).after());
  if (name === 'If-Match') return '*';
  if (name === 'If-None-Match') return '"1"';
  if (parameter.in === 'query' && parameter.required) return stage.queryOf(op)[name];
  return stage.valuesOf(op)[name] ?? known(stage)[name] ?? parameter.example ?? sample(parameter.schema, stage, name);
}

// Unless it is changed, a parameter is as it must be, or left out.
const isUsual = (parameter) => parameter.in === 'path' || parameter.required || ['Accord-After', 'limit'].includes(parameter.name);

export function pointsOf(op, stage) {
  const type = op.bodyTypes.find((one) => one.endsWith('json'));
  const parameters = op.parameters.map((parameter) => ({ in: parameter.in, name: `${parameter.in}.${parameter.name}`, parameter: parameter.name,
    value: parameterValue(parameter, op, stage), isExtra: !isUsual(parameter) }));
  // To sqlmap a star is no value, but says where to inject, and an ampersand ends one.
  const shown = (value) => (value === '*' ? '"1"' : String(value).replaceAll('&', ' and '));
  return [...parameters, ...bodyPoints(op, stage, type)].map((point) => ({ ...point, text: shown(point.value) }));
}

function put(body, at, value) {
  at.slice(0, -1).reduce((inner, step) => inner[step], body)[at.at(-1)] = value;
}

function bodyWith(op, stage, type, points, changed) {
  const body = structuredClone((bodies[op.id] ?? (() => exampleBody(op, type)))(stage));
  for (const point of points.filter((one) => one.in === 'body' && one.name in changed)) {
    if (point.extra && !point.extra.at.reduce((inner, step) => inner?.[step], body)) put(body, point.extra.at, structuredClone(point.extra.value));
    put(body, point.at, changed[point.name]);
  }
  return body;
}

// Parameters and body, where `changed` are the points that are not as they were. Unchanged, the key is a new one.
export function requestOf(op, stage, points, changed, key) {
  const given = (kind) => Object.fromEntries(points.filter((point) => point.in === kind && (point.name in changed || !point.isExtra))
    .map((point) => [point.parameter, changed[point.name] ?? point.value]));
  const headers = given('header');
  if ('Idempotency-Key' in headers && !('header.Idempotency-Key' in changed)) headers['Idempotency-Key'] = key;
  const type = op.bodyTypes.find((one) => one.endsWith('json'));
  return { values: given('path'), query: given('query'), headers, type, body: type && JSON.stringify(bodyWith(op, stage, type, points, changed)) };
}
