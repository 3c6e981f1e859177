"""A port of loopback that stays ours from the moment it is chosen until the server on it has ended.

A port that is looked up, closed and opened again by a server may be somebody else's in between. granian opens
its port with SO_REUSEPORT, so two servers that were given the same port would even share it, and each would
answer requests for the other.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

HOST = "127.0.0.1"


class PortTakenError(Exception):
    """Another process listens on the port or has reserved it."""


@contextmanager
def reserved_port(port: int = 0) -> Iterator[int]:
    """Reserve `port` for granian within the block; 0 takes any free one. Raises `PortTakenError`."""
    with socket.socket() as reservation:
        # Connections of an earlier server that still linger are no obstacle.
        reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            reservation.bind((HOST, port))
        except OSError as error:
            raise PortTakenError(f"port {port} is taken") from error
        # It never listens, so it gets no connections. From here on the system gives the port to nobody else,
        # and lets only processes of this user that ask for SO_REUSEPORT bind it: granian and its workers.
        reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        chosen: int = reservation.getsockname()[1]
        yield chosen
