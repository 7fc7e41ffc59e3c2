// What tests of indicators need: one that takes figures, and months of figures.
import { Person, issuer } from './people.mjs';

let counter = 0;

// 2024-25-M01, and so many months later.
export function month(later = 0) {
  const year = 2024 + Math.floor(later / 12);
  return `${year}-${String(year + 1).slice(2)}-M${String((later % 12) + 1).padStart(2, '0')}`;
}

export async function indicator(stage, changes = {}) {
  const code = `${stage.values.allianceId.slice(0, 8)}-${++counter}`;
  const { numerator, denominator, ...rest } = stage.specificationBody(changes);
  const body = rest.unit === 'percentage' ? { numerator, denominator, ...rest } : rest;
  await stage.do(201, stage.leads.quality, 'createIndicator', { body: { code, name: `Indicator ${counter}`, theme: 'quality' } });
  await stage.do(201, stage.leads.quality, 'draftSpecification', { values: { indicatorCode: code }, body });
  return code;
}

// An indicator with an agreed specification.
export async function agreed(stage, changes) {
  const code = await indicator(stage, changes);
  await stage.decide(`kpi/indicators/${code}/specifications/1`, 'agree', stage.leads.quality);
  await stage.see(stage.leads.quality, 'getIndicator', (body) => body.agreedSpecification === 1, { values: { indicatorCode: code } });
  return code;
}

// Imports figures: {organisation: [one a month, undefined = not received]}, a value or [numerator, denominator].
export function receive(stage, code, figures, query = {}, wanted = 201) {
  const rows = Object.entries(figures).flatMap(([organisation, list]) => list.map((figure, i) => figure === undefined ? undefined : {
    organisation, month: month(i), ...(Array.isArray(figure) ? { numerator: figure[0], denominator: figure[1] } : { value: figure }) })).filter(Boolean);
  return stage.do(wanted, stage.leads.quality, 'importObservations', { query: { indicator: code, ...query }, type: 'application/json', body: { rows } });
}

// A finance lead of a commissioner: the other side of the providers' figures.
export async function otherSide(stage) {
  const subject = 'fin.zz2';
  await stage.do(201, stage.reps.ZZ2, 'makeAppointment', { body: { person: { issuer, subject, name: subject }, role: 'finance-lead', organisation: 'ZZ2' } });
  const person = new Person(subject, 'ZZ2');
  stage.share();
  person.remember(stage.director.after(...Object.values(stage.reps)));
  await stage.see(person, 'listIndicators', () => true);
  return person;
}
