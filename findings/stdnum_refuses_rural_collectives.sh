#!/usr/bin/env bash
# python-stdnum 2.2: the unified social credit code (统一社会信用代码) of a rural collective (N1, N2, N3) is refused as
# a wrong format, and a registering type that does not exist (98) is accepted.
#
# Expected: GB 32100-2015 lets the first two characters be digits or letters; the agricultural authority registers
# rural collective economic organisations under N, and such an organisation's code is as valid as a company's. Of the
# authority 9 (市场监管) only the types 1, 2, 3 and 9 exist.
# Seen: whatever begins with N, A, Y or G raises InvalidFormat, since the first eight characters must be digits; any
# two digits are taken. Both codes here have the right check character.
#
# Who asks rural customers for this number must not rely on the library alone. Fails when that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip --disable-pip-version-check --quiet install python-stdnum==2.2
venv/bin/python - <<'PY'
import sys

from stdnum.cn import uscc


def taken(first_two):
    """Of a fictional organisation in one district, with the check character of the standard."""
    body = first_two + "370102" + "MF1234567"
    try:
        uscc.validate(body + uscc.calc_check_digit(body))
    except Exception as error:
        return type(error).__name__
    return "taken"


seen = {kind: taken(kind) for kind in ("91", "N1", "N2", "N3", "98")}
print(seen)
if seen != {"91": "taken", "N1": "InvalidFormat", "N2": "InvalidFormat", "N3": "InvalidFormat", "98": "taken"}:
    sys.exit("changed: rural collectives are taken, or types that do not exist are refused")
print("as described: rural collectives are refused, a type that does not exist is taken")
PY
