#!/bin/sh
# Makes the visitor's home if there is none yet, and becomes the server.
mkdir -p -m 750 "$HOME" && cp -r --update=none /etc/skel/. "$HOME"
# Nobody but an assigned user, or root, may write there.
if [ -w /var/lib/extrausers ]; then /opt/warmterm/name-user.sh; fi
# No file takes more than half of what the pod may store, in blocks of 512 bytes: a runaway `yes > file` ends by itself,
# while the node would notice an overfull pod, and end it, only a minute later.
if [ -n "$STORAGE_KIB" ]; then ulimit -f "$STORAGE_KIB"; fi
unset STORAGE_KIB
# SIGUSR1 would open the inspector of this process to the visitor's shell.
exec node --disable-sigusr1 --max-semi-space-size=1 /opt/warmterm/terminal.mjs
