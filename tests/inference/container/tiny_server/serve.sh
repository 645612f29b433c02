#!/bin/sh
# A model server as small as one can be: busybox listens on $PORT and runs answer.sh for each connection.
# The first process is this shell, so that it can be made to run out of memory.
trap 'exit 0' TERM
echo "tiny server on port $PORT" >&2
busybox nc -ll -p "$PORT" -e /bin/sh /srv/answer.sh &
while :; do
    [ -e /tmp/eat ] && exec busybox tail /dev/zero
    [ -e "/proc/$!" ] || exit 7
    busybox sleep 0.1
done
