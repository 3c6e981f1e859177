"""Tells a database that can't be reached, which may be back in a moment, from a fault of our own."""

from psycopg import InterfaceError, OperationalError

# SQLSTATEs of PostgreSQL (appendix A of its manual). Class 08: faults of the connection. The codes: shut down
# by an administrator, ended by a crash, not accepting connections yet, too many connections.
_CLASS = "08"
_CODES = frozenset({"57P01", "57P02", "57P03", "53300"})


def is_connection_failure(fault: BaseException) -> bool:
    """Whether the database could not be reached or ended the connection, and nothing else is wrong.

    Takes SQLAlchemy's errors and the driver's own. Always False for SQLite, which is a file.
    """
    if getattr(fault, "connection_invalidated", False):
        return True
    cause = getattr(fault, "orig", None) or fault
    if not isinstance(cause, OperationalError | InterfaceError):
        return False
    # Without a code it was not PostgreSQL that answered.
    return cause.sqlstate is None or cause.sqlstate.startswith(_CLASS) or cause.sqlstate in _CODES
