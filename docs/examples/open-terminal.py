#!/usr/bin/env python3
"""Opens a terminal, waits in the queue if it has to, and ends the terminal again. Needs Python 3 only.

    python3 open-terminal.py https://terminals.example.org [POOL [RUN]]

With RUN, an id of 8 to 32 of a-z0-9, it is a terminal of its own for that run, beside the others of this visitor, which are listed.
"""
import json, os, secrets, sys, urllib.error, urllib.parse, urllib.request

server, pool, run = (sys.argv[1].rstrip("/"), *sys.argv[2:4], None, None)[:3]
identity_file = os.environ.get("WARMTERM_IDENTITY_FILE", os.path.expanduser("~/.warmterm-identity"))


def call(method, path, body=None):
    """Sends a request as this visitor. Returns the status and the JSON of the answer."""
    request = urllib.request.Request(server + path, method=method)
    request.add_header("Warmterm-Visitor", identity)
    if body is not None:
        request.add_header("Content-Type", "application/json")
        request.data = json.dumps(body).encode()
    try:
        answer = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as error:
        problem = json.load(error)
        sys.exit(f"{problem['code']}: {problem['detail']}")
    except urllib.error.URLError as error:
        sys.exit(f"{server} cannot be reached: {error.reason}")
    keep(answer.headers.get("Warmterm-Visitor"))
    text = answer.read()
    return answer.status, json.loads(text) if text else None


def keep(signed):
    """Keeps the signed identity that the server answers to a new visitor. Only the owner may read the file."""
    global identity
    if signed and signed != identity:
        identity = signed
        with open(os.open(identity_file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.write(signed)


identity = open(identity_file).read() if os.path.exists(identity_file) else "new." + secrets.token_urlsafe(16)
ask = {name: value for name, value in (("pool", pool), ("run", run)) if value}
status, answer = call("POST", "/api/terminals", ask)
while status == 202:
    print(f"position {answer['place']} of {answer['waiting']}", file=sys.stderr)
    status, answer = call("POST", "/api/terminals", {**ask, "place": answer["place"]})
print(f"{answer['status']} terminal {answer['name']} at {answer['url']}")
if run:
    for terminal in call("GET", "/api/terminals")[1]["terminals"]:
        print(f"{terminal.get('run', 'page')}: {terminal['name']}")
call("DELETE", "/api/terminals/current?" + urllib.parse.urlencode(ask))
print("ended")
