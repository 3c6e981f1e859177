#!/usr/bin/env bash
# granian 2.8.7: a second server on a port that is taken starts without a word and shares the connections.
#
# Expected: `OSError: Address already in use`, as gunicorn and the standard library's server say, so that a
# port that was guessed free and is not any more is noticed at once.
# Seen: granian binds with SO_REUSEPORT. Both servers run, and the kernel spreads requests over the two, so that
# a client of the first is answered by the second now and then, perhaps from another database.
#
# Fails when that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip --disable-pip-version-check --quiet install granian==2.8.7
cat > app.py <<'PY'
import os


def app(_environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Connection", "close")])
    return [os.environ["NAME"].encode()]
PY
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
NAME=first venv/bin/granian --interface wsgi --host 127.0.0.1 --port "$port" --no-ws app:app > first.log 2>&1 &
until grep -q "Started worker" first.log; do kill -0 %1; done
NAME=second venv/bin/granian --interface wsgi --host 127.0.0.1 --port "$port" --no-ws app:app > second.log 2>&1 &
second=$!
until grep -q "Started worker" second.log || ! kill -0 "$second" 2>/dev/null; do :; done
python3 - "$port" <<'PY'
import collections, sys, urllib.request

seen = collections.Counter()
for _ in range(400):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/", timeout=60) as answer:
            seen[answer.read().decode()] += 1
    except OSError as error:
        seen[type(error).__name__] += 1
print(dict(seen))
if not (seen["first"] and seen["second"]):
    sys.exit("changed: not both servers answered on the one port")
print("as described: both servers answer on one port")
PY
