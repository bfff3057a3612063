#!/bin/sh
# Restarts API processes behind a proxy one after another; no request is lost.
#
#   deploy/rolling-restart.sh 8001 8002
#
# Each argument is the port on which one `esteio serve` listens. One is restarted when all others are ready, and the
# next only when it is ready again and the proxy has had the time to notice. The first that does not come back stops the
# rest: what still runs goes on. Exit code 0: all restarted; 1: one did not come back; 2: not begun.
#
#   ROLLING_RESTART  what restarts one, with its port as the last word   ("systemctl restart esteio-api@" and the port)
#   ROLLING_PROBE    where it says that it is ready; %s is the port      (http://127.0.0.1:%s/readyz)
#   ROLLING_WAIT     seconds within which it must be ready again         (60)
#   ROLLING_SETTLE   seconds until the proxy asks it again; more than
#                   fail_timeout of deploy/nginx/esteio/local/upstreams.conf   (4)
set -eu

probe=${ROLLING_PROBE:-http://127.0.0.1:%s/readyz}
wait=${ROLLING_WAIT:-60}
settle=${ROLLING_SETTLE:-4}

say() { printf 'rolling-restart: %s\n' "$*" >&2; }

ready() {
    # shellcheck disable=SC2059 # the address is the format, and says where the port belongs
    curl -fsS -o /dev/null --max-time 2 "$(printf "$probe" "$1")" 2>/dev/null
}

restart() {
    if [ -n "${ROLLING_RESTART:-}" ]; then
        # Words are meant to be split here: a command and its arguments.
        # shellcheck disable=SC2086
        $ROLLING_RESTART "$1"
    else
        systemctl restart "esteio-api@$1"
    fi
}

if [ $# -lt 2 ]; then
    say "name the ports of at least two processes: with one there would be a gap"
    exit 2
fi
for port in "$@"; do
    if ! ready "$port"; then
        say "$port is not ready: nothing was restarted"
        exit 2
    fi
done

for port in "$@"; do
    for other in "$@"; do
        if [ "$other" != "$port" ] && ! ready "$other"; then
            say "$other is not ready: $port is left alone"
            exit 1
        fi
    done
    say "restarting $port"
    restart "$port"
    waited=0
    until ready "$port"; do
        if [ "$waited" -ge "$wait" ]; then
            say "$port was not ready within $wait s: the others are left alone"
            exit 1
        fi
        sleep 1
        waited=$((waited + 1))
    done
    sleep "$settle"
done
say "all restarted"
