// Glewlwyd, Debian's OpenID provider, on a free port of loopback with an SQLite database of its own. Set
// up as an operator would, through its administration API; IDENTITY.md in deploy/ says the same in words.
import { execFileSync, spawn } from 'node:child_process';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { assertion, until } from './shared.mjs';

const tables = '/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3';

export function freePort() {
  return new Promise((done, failed) => {
    const probe = createServer().once('error', failed).listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

const configuration = (folder, port) => `
port=${port}
bind_address="127.0.0.1"
external_url="http://127.0.0.1:${port}"
login_url="login.html"
api_prefix="api"
static_files_path="/usr/share/glewlwyd/webapp/"
log_mode="console"
log_level="WARNING"
cookie_domain="127.0.0.1"
cookie_secure=0
admin_session_authentication="cookie,api_key"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="/usr/lib/glewlwyd/user"
user_middleware_module_path="/usr/lib/glewlwyd/user_middleware"
client_module_path="/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
plugin_module_path="/usr/lib/glewlwyd/plugin"
hash_algorithm="SHA512"
database = { type = "sqlite3"; path = "${folder}/glewlwyd.db"; };
`;

// What Accord needs of the OpenID plugin; without `resource` the audience would be the list of scopes.
const plugin = (issuer, scopes, keys) => ({
  module: 'oidc', name: 'oidc', display_name: 'OpenID Connect', enabled: true,
  parameters: {
    iss: issuer, 'jwks-show': true, 'jwks-private': JSON.stringify({ keys }), 'default-kid': keys[0].kid,
    'client-sign_kid-parameter': 'sign_kid',
    'access-token-duration': 300, 'refresh-token-duration': 1209600, 'code-duration': 600, 'refresh-token-rolling': true,
    'allow-non-oidc': true, 'auth-type-client-enabled': true, 'auth-type-code-enabled': true, 'auth-type-token-enabled': false,
    'auth-type-id-token-enabled': true, 'auth-type-none-enabled': false, 'auth-type-password-enabled': false,
    'auth-type-device-enabled': false, 'auth-type-refresh-enabled': true, 'subject-type': 'public',
    'request-parameter-allow': true, 'request-maximum-exp': 3600, 'client-jwks-parameter': 'jwks', 'client-pubkey-parameter': 'pubkey',
    'client-jwks_uri-parameter': 'jwks_uri',
    'resource-allowed': true, 'resource-client-property': 'resource', 'resource-change-allowed': false,
    'additional-parameters': [{ 'user-parameter': 'organisation', 'client-parameter': 'organisation', 'token-parameter': 'organisation' }],
    'allowed-scope': ['openid', ...scopes],
  },
});

export class Glewlwyd {
  name = 'Glewlwyd';

  constructor(folder, port, { audience, scopes }) {
    Object.assign(this, { folder, port, audience, scopes });
    this.base = `http://127.0.0.1:${port}`;
    this.issuer = `${this.base}/api/oidc`;
    this.jwks = `${this.issuer}/jwks`;
  }

  static async start(folder, options) {
    const provider = new Glewlwyd(folder, await freePort(), options);
    execFileSync('sqlite3', [`${folder}/glewlwyd.db`], { input: readFileSync(tables) });
    writeFileSync(`${folder}/glewlwyd.conf`, configuration(folder, provider.port));
    const log = openSync(`${folder}/glewlwyd.log`, 'w');
    provider.process = spawn('glewlwyd', [`--config-file=${folder}/glewlwyd.conf`], { stdio: ['ignore', log, log] });
    provider.process.once('exit', (code) => { provider.ended = `ended with ${code}`; });
    await until(async () => {
      if (provider.ended) throw new Error(`glewlwyd ${provider.ended}: ${readFileSync(`${folder}/glewlwyd.log`)}`);
      return (await fetch(`${provider.base}/config`).catch(() => undefined))?.ok;
    }, 'glewlwyd answers');
    await provider.administrate();
    return provider;
  }

  stop() { this.process.kill(); }

  async ask(method, path, body) {
    const answer = await fetch(`${this.base}/api${path}`, { method, headers: { 'Content-Type': 'application/json', ...this.credentials },
      body: body === undefined ? undefined : JSON.stringify(body) });
    if (!answer.ok) throw new Error(`glewlwyd: ${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }

  // The first user's password is the package's own; an operator changes it before anything else.
  async administrate() {
    const session = await this.ask('POST', '/auth/', { username: 'admin', password: 'password' });
    this.credentials = { Cookie: session.headers.get('set-cookie').split(';')[0] };
    const { key } = await (await this.ask('POST', '/key')).json();
    this.credentials = { Authorization: `token ${key}` };
    for (const name of this.scopes) await this.ask('POST', '/scope/', { name, display_name: name, password_required: false, scheme: {} });
    const clients = await (await this.ask('GET', '/mod/client/database')).json();
    for (const property of ['organisation', 'sign_kid', 'resource']) {
      clients.parameters['data-format'][property] = { multiple: property === 'resource', read: true, write: true };
    }
    clients.parameters['data-format'].jwks = { multiple: false, read: true, write: true, convert: 'jwks' };
    await this.ask('PUT', '/mod/client/database', clients);
    await this.ask('PUT', '/mod/client/database/reset');
  }

  // One at a time: Glewlwyd 2.7.5 ends when its plugin is reset while it answers.
  #last = Promise.resolve();

  alone(work) {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => {});
    return mine;
  }

  document() { return this.alone(async () => (await fetch(this.jwks)).json()); }

  // Publishes these private keys' public halves; the first one signs, from now on.
  keys(keys) { return this.alone(() => this.publish(keys)); }

  async publish(keys) {
    const wanted = plugin(this.issuer, this.scopes, keys);
    await this.ask(this.hasPlugin ? 'PUT' : 'POST', this.hasPlugin ? '/mod/plugin/oidc' : '/mod/plugin/', wanted);
    if (this.hasPlugin) await this.ask('PUT', '/mod/plugin/oidc/reset');
    this.hasPlugin = true;
  }

  // `secret` or `jwks` says how the client proves who it is; `more` are further properties.
  addClient(id, { secret, jwks, organisation, ...more }) {
    return this.ask('POST', '/client/?source=database', { client_id: id, name: id, confidential: true, enabled: true,
      authorization_type: ['client_credentials'], scope: this.scopes, resource: [this.audience], ...(organisation && { organisation }),
      token_endpoint_auth_method: [jwks ? 'private_key_jwt' : 'client_secret_basic'],
      ...(secret && { client_secret: secret }), ...(jwks && { jwks }), ...more });
  }

  async token(client, { secret, key, scopes = this.scopes, audience = this.audience, alg = 'RS512' }) {
    const form = new URLSearchParams({ grant_type: 'client_credentials', scope: scopes.join(' ') });
    if (audience) form.set('resource', audience);
    const headers = {};
    if (secret) headers.Authorization = `Basic ${Buffer.from(`${client}:${secret}`).toString('base64')}`;
    else for (const [name, value] of Object.entries(await assertion(client, key, `${this.issuer}/token`, alg))) form.set(name, value);
    const answer = await this.alone(() => fetch(`${this.issuer}/token`, { method: 'POST', headers, body: form }));
    if (!answer.ok) throw new Error(`glewlwyd: token for ${client}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()).access_token;
  }
}
