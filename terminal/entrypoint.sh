#!/bin/sh
# Creates the visitor's home if there is none yet, then becomes the server.
mkdir -p -m 750 "$HOME" && cp -r --update=none /etc/skel/. "$HOME"
# Only an assigned user, or root, may write there.
if [ -w /var/lib/extrausers ]; then /opt/warmterm/name-user.sh; fi
# Limits each file to half of what the pod may store, in blocks of 512 bytes. A runaway `yes > file` then ends by itself. Otherwise the node
# would notice the overfull pod and evict it, a minute later.
if [ -n "$STORAGE_KIB" ]; then ulimit -f "$STORAGE_KIB"; fi
unset STORAGE_KIB
# SIGUSR1 would let the visitor's shell open this process's inspector.
exec node --disable-sigusr1 --max-semi-space-size=1 /opt/warmterm/terminal.mjs
