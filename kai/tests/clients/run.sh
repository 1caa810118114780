#!/bin/sh
# Clients that people have, against the program that is given: OpenAI's Python client, MCP's, and
# schemathesis, which makes requests of the interface's own description:
#   run.sh KAI
# Takes the packages from PyPI into a folder of its own, or uses the Python in $KAI_TEST_PYTHON. Exits with
# 77 if they cannot be had.
set -eu
kai=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../stand.sh"

python=${KAI_TEST_PYTHON:-}
if [ -z "$python" ]; then
    python3 -m venv "$place/python" && python=$place/python/bin/python &&
        "$python" -m pip install --quiet --disable-pip-version-check openai mcp schemathesis >/dev/null 2>&1 ||
        { echo "the packages openai, mcp and schemathesis cannot be had" >&2; exit 77; }
fi
"$python" "$here/clients.py" "$url" "$token" "$kai"

# Everything but what waits for something to happen. A server error is a failure, whatever was sent.
"$python" -m schemathesis.cli run "$url/v1/openapi.json" --url "$url" --header "Authorization: Bearer $token" \
    --checks not_a_server_error --exclude-path /v1/events --max-examples "${EXAMPLES:-20}" --workers 2 \
    --request-timeout 20 --no-color
