// The settings that `npm start` accepts: its own, and those that it passes on to services. It runs before anything is installed, so it
// needs only Node.

const own = ['SPARE', 'MAX', 'IDLE_TIMEOUT', 'SANDBOX', 'INTERNET', 'NO_INSTALL'];

/** Settings that go to a service as they are, by service. */
export const passedOn = {
  webserver: [
    'WARMTERM_ADDRESS',
    'WARMTERM_BASE_PATH',
    'WARMTERM_CHALLENGE_WORK',
    'WARMTERM_CONNECTION_LIMIT',
    'WARMTERM_FRAME_ANCESTORS',
    'WARMTERM_HOSTS',
    'WARMTERM_IDENTITY',
    'WARMTERM_IDENTITY_HEADER',
    'WARMTERM_LOGO_URL',
    'WARMTERM_NAME',
    'WARMTERM_RELAY',
    'WARMTERM_RELAY_LIMIT',
    'WARMTERM_REQUEST_TIMEOUT',
    'WARMTERM_TRUST_PROXY',
  ],
  manager: ['WARMTERM_API_TIMEOUT', 'WARMTERM_CLAIM_TIMEOUT'],
  terminal: [
    'WARMTERM_ACTIVITY',
    'WARMTERM_BEFORE_EXIT',
    'WARMTERM_BEFORE_EXIT_TIMEOUT',
    'WARMTERM_IDLE_WARNING',
    'WARMTERM_MAX_PROCESSES',
    'WARMTERM_REPORT_INTERVAL',
    'WARMTERM_RUN_OUTPUT',
    'WARMTERM_SHELL',
  ],
};

const reasons = {
  'npm start makes it itself, new at each start': [
    'CLIENTS',
    'HOST_TOKEN_FILE',
    'KEYS_SECRET',
    'MANAGER_SOCKET',
    'MANAGER_TOKEN_FILE',
    'MANAGER_URL',
    'NAMESPACE',
    'POD_NAME',
    'POD_UID',
    'PUBLIC_DIR',
    'RELEASE',
    'SIGNING_KEY_FILE',
    'VISITOR_SECRET_FILE',
  ],
  'npm start has one pool, named default': ['POOL'],
  'npm start has node ports only': ['EXPOSURE', 'ROUTE_PROTOCOL', 'ROUTE_TEMPLATE_FILE'],
  'node ports of npm start answer on IPv4 and IPv6': ['IP_FAMILIES', 'IP_FAMILY_POLICY'],
  'npm start has one manager and one webserver: nobody could go elsewhere': ['SHUTDOWN_DELAY'],
  'it is set on the pool: kubectl annotate statefulset default, which npm start prints': ['RUN_GRACE', 'RUN_LINGER'],
  'it is a setting of the command line': ['HOST_TOKEN', 'IDENTITY_FILE', 'URL'],
};

/** Settings that `npm start` refuses, with the reason. */
export const notTaken = new Map(
  Object.entries(reasons).flatMap(([why, names]) => names.map((name) => [`WARMTERM_${name}`, why])),
);

const taken = new Set([...own.map((name) => `WARMTERM_${name}`), ...Object.values(passedOn).flat()]);

/** The message about unusable settings in `env`; undefined if there are none. Pure. */
export function findUnusable(env) {
  const lines = Object.keys(env)
    .filter((name) => name.startsWith('WARMTERM_') && !taken.has(name))
    .map((name) => `  ${name}: ${notTaken.get(name) ?? 'there is no such setting'}`);
  if (lines.length === 0) return undefined;
  return `npm start does not accept these settings:\n${lines.join('\n')}\nIt accepts HOST, PORT, LOG_LEVEL, ${[...taken].sort().join(', ')}.`;
}
