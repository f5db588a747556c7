// Claims a terminal at PAGE, runs a command in its shell, and ends it. It implements the necessary part of socket.io's protocol,
// because the image has only Node, with its own WebSocket.

import { randomBytes } from 'node:crypto';

const page = process.env.PAGE;
const visitorHeader = 'warmterm-visitor';
// The answer to a proposed id has the signed one.
const proposal = `new.${randomBytes(16).toString('base64url')}`;
const headers = { 'content-type': 'application/json', [visitorHeader]: proposal };

// Only the proxy can identify a person, so check only that the page answers and refuses.
if (process.env.IDENTITY === 'header') {
  const { status } = await ask(soon());
  console.log(`a claim past the proxy is answered with ${status}`);
  process.exit(status === 401 ? 0 : 1);
}

const terminal = await claim(soon());
console.log(`claimed ${terminal.name} at ${terminal.relay === 'always' ? 'the relay' : terminal.url}`);

try {
  const screen = await retry(() => run(terminal, 'echo "six times seven is $((6*7))"\r', 'six times seven is 42'));
  console.log(`its shell answers: ${screen}`);
} finally {
  const ended = await fetch(`${page}/api/terminals/current`, { method: 'DELETE', headers, signal: soon() });
  console.log(`given back: ${ended.status}`);
}

// If all terminals are in use, wait in the queue, as the page does.
async function claim(signal, place) {
  const response = await ask(signal, place);
  const answer = await response.json();
  if (!response.ok) throw new Error(`The claim was refused: ${response.status} ${JSON.stringify(answer)}`);
  const given = response.headers.get(visitorHeader);
  if (given !== null) headers[visitorHeader] = given;
  return answer.status === 'waiting' ? claim(signal, answer.place) : answer;
}

function ask(signal, place) {
  return fetch(`${page}/api/terminals`, { method: 'POST', headers, body: JSON.stringify({ place }), signal });
}

function soon() {
  return AbortSignal.timeout(20_000);
}

// A new node port may take a moment to work.
async function retry(action) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      if (attempt === 5) throw error;
      console.log(`${error.message}: once more`);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      // A ticket is valid for one connection.
      terminal.ticket = (await claim(soon())).ticket;
    }
  }
}

// Use the route that pages try first. The ticket is a subprotocol, as common/socket-protocol.ts has it.
function connect({ url, relay, ticket }) {
  const way = relay === 'always' ? `${page}/api/terminals/current/relay` : `${url}/socket.io/`;
  return new WebSocket(`${way.replace(/^http/, 'ws')}?EIO=4&transport=websocket`, ['warmterm', ticket]);
}

function run(terminal, input, expected) {
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
        socket.send(`40${JSON.stringify({ size: { cols: 80, rows: 24 } })}`);
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
