#!/usr/bin/env bash
# wapiti: what a stranger's browser could be made to do. A finding of its second level or above fails the job.
cd "$(dirname "$0")/../.."
# shellcheck source=.github/scan/house.sh
source .github/scan/house.sh
python -m venv /tmp/wapiti
/tmp/wapiti/bin/pip install --disable-pip-version-check --quiet --require-hashes -r .github/scan/wapiti.lock
.venv/bin/esteio openapi --version v2 >/tmp/scan/v2.json
/tmp/wapiti/bin/wapiti --url "$URL/" --swagger /tmp/scan/v2.json --header "X-API-Key: $KEY" --scope domain \
    --module csp,cookieflags,exec,file,http_headers,redirect,sql,ssrf,xss,xxe --max-scan-time 2400 --flush-session \
    --detailed-report 1 --format json --output /tmp/scan/wapiti.json --no-bugreport
python - <<'PYTHON'
import json, sys
found = json.load(open("/tmp/scan/wapiti.json"))["vulnerabilities"]
grave = [(kind, one["path"]) for kind, several in found.items() for one in several if one["level"] >= 2]
for kind, path in grave:
    print(f"{kind}: {path}")
sys.exit(bool(grave))
PYTHON
