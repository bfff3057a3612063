#!/usr/bin/env bash
# schemathesis: no input that the documents allow, or forbid, makes the API fail or answer what the documents do not say.
cd "$(dirname "$0")/../.."
# shellcheck source=.github/scan/house.sh
source .github/scan/house.sh
for version in v1 v2; do
    .venv/bin/esteio openapi --version "$version" >"/tmp/scan/$version.json"
    .venv/bin/schemathesis run "/tmp/scan/$version.json" --url "$URL" --header "X-API-Key: $KEY" \
        --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
        --max-examples "${EXAMPLES:-25}" --workers 2 --continue-on-failure --no-color \
        --report junit --report-junit-path "/tmp/scan/$version.xml"
done
# What failed inside is in the log, whatever was answered.
if grep -q '"level":"critical"\|Traceback' /tmp/scan/house.log; then
    echo "the house logged a failure of its own" >&2
    exit 1
fi
