// The cluster's database from behind (ACCORD_TEST_DATABASE, a superuser's connection string): to make
// happen what a client cannot.
import { spawn, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { until } from './client.mjs';

const options = ['-qAtX', '-v', 'ON_ERROR_STOP=1', '-d', process.env.ACCORD_TEST_DATABASE];

export const sql = (statement) => execFileSync('psql', [...options, '-c', statement], { encoding: 'utf8' }).trim();

// Holds what the statements lock until end().
export async function locked(statements) {
  const psql = spawn('psql', options, { stdio: ['pipe', 'pipe', 'inherit'] });
  psql.stdin.write(`begin;\n${statements};\nselect 'locked';\n`);
  for await (const text of psql.stdout) if (String(text).includes('locked')) break;
  return { end: async () => { psql.stdin.end('rollback;\n'); if (psql.exitCode === null) await once(psql, 'exit'); } };
}

// A service's journal of an alliance, in which nobody can write until end().
export const headLocked = (service, allianceId) =>
  locked(`select 1 from ${service}.journal_head where alliance_id = '${allianceId}' for update`);

// Until somebody of the service waits for a lock.
export const waits = (service) => until(() =>
  sql(`select count(*) from pg_stat_activity where usename = '${service}' and wait_event_type = 'Lock'`) !== '0', `${service} waits for a lock`);
