"""Who gets a reserved port: granian, and nobody else."""

import socket

import pytest

from demo.environment.reserved_port import HOST, PortTakenError, reserved_port


def test_a_reserved_port_is_given_to_nobody_else() -> None:
    with reserved_port() as port:
        with pytest.raises(PortTakenError), reserved_port(port):
            pass
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind((HOST, port))
    with reserved_port(port) as again:
        assert again == port


def test_a_server_that_shares_ports_may_listen_on_it_and_still_nobody_else() -> None:
    """As granian opens its port: `set_reuse_port` and `set_reuse_address` before binding."""
    with reserved_port() as port, socket.socket() as server, socket.socket() as client:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((HOST, port))
        server.listen()
        with pytest.raises(PortTakenError), reserved_port(port):
            pass
        client.connect((HOST, port))
        connection, _ = server.accept()
        connection.close()


def test_a_port_with_a_listener_is_refused() -> None:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        with pytest.raises(PortTakenError), reserved_port(listener.getsockname()[1]):
            pass
