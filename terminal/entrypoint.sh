#!/bin/sh
# Makes the visitor's home if there is none yet, and becomes the server.
mkdir -p -m 750 "$HOME" && cp -r --update=none /etc/skel/. "$HOME"
exec node --max-semi-space-size=1 /opt/warmterm/terminal.mjs
