# Sourced by the scans: a house of its own on this machine, ended with the shell. Sets URL and KEY; writes to /tmp/scan.
set -euo pipefail
mkdir -p /tmp/scan
URL=http://127.0.0.1:8000
KEY=$(openssl rand -hex 24)
export ESTEIO_AUTH__API_KEY=$KEY ESTEIO_AUTH__API_KEY_SCOPES='*' ESTEIO_LIMITS__ENABLED=false ESTEIO_TELEMETRY__LOG_FORMAT=json
make .venv/.dev
.venv/bin/esteio up --data-dir /tmp/scan-house >/tmp/scan/house.out 2>/tmp/scan/house.log &
HOUSE=$!
trap 'kill -TERM "$HOUSE" 2>/dev/null; wait "$HOUSE" || true; cp -r /tmp/scan-house/logs /tmp/scan/ 2>/dev/null || true' EXIT
for _ in $(seq 120); do
    if curl -fsS -o /dev/null "$URL/readyz" 2>/dev/null; then break; fi
    kill -0 "$HOUSE"
    sleep 1
done
curl -fsS -o /dev/null "$URL/readyz"
