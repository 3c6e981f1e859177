"""Is an error a fault of ours, or does the database just not answer? Then it may be back in a moment."""

from psycopg import InterfaceError, OperationalError

# What PostgreSQL itself says (appendix A of its manual): faults of the connection; shut down by an
# administrator; ended by a crash; not taking connections yet; too many of them.
_CLASS = "08"
_CODES = frozenset({"57P01", "57P02", "57P03", "53300"})


def database_is_away(fault: BaseException) -> bool:
    """Whether the database was not to be reached, or ended the connection, and nothing else is wrong.

    Takes SQLAlchemy's errors and the driver's own. A SQLite file is never away.
    """
    if getattr(fault, "connection_invalidated", False):
        return True
    said = getattr(fault, "orig", None) or fault
    if not isinstance(said, OperationalError | InterfaceError):
        return False
    # Without a code it was not PostgreSQL that answered.
    return said.sqlstate is None or said.sqlstate.startswith(_CLASS) or said.sqlstate in _CODES
