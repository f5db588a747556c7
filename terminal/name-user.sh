#!/bin/sh
# Gives the user of this pod a name and a home, if it has none: ssh refuses to run for a user without a name. OpenShift assigns such ids; for
# them CRI-O writes an account into /etc/passwd that cannot log in and has the wrong home. The C library reads this file first, by
# libnss-extrausers, which ignores groups below 500. So the group's number is that of the user.
file=${1:-/var/lib/extrausers/passwd}
uid=$(id -u)
case $(getent passwd "$uid") in
  '' | *nologin) echo "$USER:x:$uid:$uid::$HOME:$SHELL" >"$file" ;;
esac
