"""How large the value of a JSON body may be, counted before any schema looks at it.

A schema finds every fault of a body and words each one: 24,000 unknown fields were 250 KB in and 1.6 MB out,
for whoever asked without a login. Counting stops at the first bound that is passed.
"""

from typing import Any

MOST_ENTRIES = 2000
"""Fields and list entries of a whole body. Dated office hours, the largest of the product, have a fifth."""

MOST_FIELDS = 200
"""Fields of one object. The longest application form has a quarter."""

DEEPEST = 12
"""Objects and lists inside each other. The deepest schema has five."""


def is_surely_too_much(body: bytes) -> bool:
    """Whether a body has too many entries by its bytes alone, which is a tenth of the work of parsing it.

    A quote and a colon end the name of a field, or begin a text: at most two for an entry, and a third for
    good measure. Inside a text the quote has a backslash.
    """
    return body.count(b'":') - body.count(b'\\":') > 3 * MOST_ENTRIES


def is_too_much(value: Any) -> bool:
    """Whether a parsed body has too many fields, too many entries, or is nested too deep."""
    entries = 0
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            return True
        below: list[Any] = []
        for holder in level:
            entries += len(holder)
            if entries > MOST_ENTRIES or (isinstance(holder, dict) and len(holder) > MOST_FIELDS):
                return True
            inner = holder.values() if isinstance(holder, dict) else holder
            below.extend(one for one in inner if isinstance(one, dict | list))
        level = below
    return False
