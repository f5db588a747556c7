// Claims a terminal at PAGE, runs a command in its shell, and gives it back. It speaks the little of socket.io's protocol
// that this takes, because Node has a WebSocket of its own and nothing else is at hand.

const page = process.env.PAGE;
const headers = { 'content-type': 'application/json', 'x-warmterm-tab': `helm-test-${crypto.randomUUID()}` };

const terminal = await claim(soon());
console.log(`claimed ${terminal.name} at ${terminal.relay === 'always' ? 'the relay' : terminal.url}`);

try {
  const screen = await retry(() => run(terminal, 'echo "six times seven is $((6*7))"\r', 'six times seven is 42'));
  console.log(`its shell answers: ${screen}`);
} finally {
  const ended = await fetch(`${page}/api/terminals/current`, { method: 'DELETE', headers, signal: soon() });
  console.log(`given back: ${ended.status}`);
}

// Where all terminals are in use, it waits in line, as the page does.
async function claim(signal, place) {
  const response = await fetch(`${page}/api/terminals`, { method: 'POST', headers, body: JSON.stringify({ place }), signal });
  const answer = await response.json();
  if (!response.ok) throw new Error(`The claim was refused: ${response.status} ${JSON.stringify(answer)}`);
  headers.cookie ??= response.headers.getSetCookie().map((cookie) => cookie.split(';', 1)[0]).join('; ');
  return answer.status === 'waiting' ? claim(signal, answer.place) : answer;
}

function soon() {
  return AbortSignal.timeout(20_000);
}

// A node port may need a moment to lead to its pod.
async function retry(action) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      if (attempt === 5) throw error;
      console.log(`${error.message}: once more`);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      // A ticket is good for one connection.
      terminal.ticket = (await claim(soon())).ticket;
    }
  }
}

// By the way that pages take first.
function connect({ url, relay }) {
  const query = '?EIO=4&transport=websocket';
  if (relay !== 'always') return new WebSocket(`${url.replace(/^http/, 'ws')}/socket.io/${query}`);
  return new WebSocket(`${page.replace(/^http/, 'ws')}/api/terminals/current/relay${query}`, { headers });
}

function run(terminal, input, expected) {
  const { ticket } = terminal;
  const socket = connect(terminal);
  const { url } = socket;
  socket.binaryType = 'arraybuffer';
  let screen = '';
  let timer;
  return new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer at ${url}; so far: ${JSON.stringify(screen)}`)), 6_000);
    socket.onerror = () => reject(new Error(`${url} cannot be reached`));
    socket.onclose = () => reject(new Error('the connection was closed'));
    socket.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) {
        screen += new TextDecoder().decode(data);
        if (screen.includes(expected)) resolve(expected);
      } else if (data.startsWith('0')) {
        socket.send(`40${JSON.stringify({ ticket, size: { cols: 80, rows: 24 } })}`);
      } else if (data.startsWith('44')) {
        reject(new Error(`the terminal refuses: ${data.slice(2)}`));
      } else if (data.startsWith('42["attached"')) {
        socket.send(`42${JSON.stringify(['input', input])}`);
      } else if (data === '2') {
        socket.send('3');
      }
    };
  }).finally(() => {
    clearTimeout(timer);
    socket.close();
  });
}
