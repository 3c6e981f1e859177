#!/usr/bin/env bash
# holidays 0.109: `China(observed=False)` still holds the exchanged days off (调休) of the announced years.
#
# Expected: as for other countries, where observed=False leaves the days that the law names, without those that are off
# in exchange for others. Who asks when the law's own holidays are (and not what this year's notice made of them) needs
# just that.
# Seen: for 2026 only three days named "(observed)" go; six named "Day off (substituted from …)" stay. They come from
# the table of announced years, which the setting does not touch; years that are not announced yet have none.
#
# Fails when that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip --disable-pip-version-check --quiet install holidays==0.109
venv/bin/python - <<'PY'
import sys

import holidays

found = {observed: holidays.China(years=2026, observed=observed) for observed in (True, False)}
exchanged = sorted(day.isoformat() for day, name in found[False].items() if "substituted" in name)
print(exchanged)
gone = {name for day, name in found[True].items() if day not in found[False]}
if len(exchanged) != 6 or not all("observed" in name for name in gone):
    sys.exit("changed: observed=False leaves exchanged days out, or the year's table is another one")
print("as described: observed=False keeps the exchanged days")
PY
