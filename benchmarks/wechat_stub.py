"""WeChat's send calls and nothing behind them: `python -m benchmarks.wechat_stub --latency-ms 50`.

The simulator checks what it is sent, which costs more than the sending that is measured here. This one
answers every send alike after the latency, and says how many there were and when: GET /peek, and GET /seen to
count anew. It runs in a process of its own and prints its port.
"""

import argparse
import asyncio
import json
from time import perf_counter

TOKEN = {"access_token": "t" * 136, "expires_in": 7200}
TAKEN = b'{"errcode":0,"errmsg":"ok","msgid":4000000000000000001}'


class Seen:
    """How many sends came, and the first and last moment."""

    def __init__(self) -> None:
        self.sends = 0
        self.first = 0.0
        self.last = 0.0

    def forget(self) -> None:
        """Count anew."""
        self.sends, self.first, self.last = 0, 0.0, 0.0

    def note(self) -> None:
        """One more."""
        self.last = perf_counter()
        self.first = self.first or self.last
        self.sends += 1


class Talk(asyncio.Protocol):
    """One connection."""

    def __init__(self, seen: Seen, latency: float) -> None:
        self._seen = seen
        self._latency = latency
        self._pending = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every whole request."""
        self._pending += data
        while (end := self._pending.find(b"\r\n\r\n")) >= 0:
            head = self._pending[:end].lower()
            _, found, rest = head.partition(b"content-length:")
            length = int(rest.split(b"\r\n", 1)[0]) if found else 0
            if len(self._pending) < end + 4 + length:
                return
            self._pending = self._pending[end + 4 + length :]
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        if b"/message/" in head:
            self._seen.note()
            if self._latency:
                asyncio.get_running_loop().call_later(self._latency, self._say, TAKEN)
                return
            self._say(TAKEN)
        elif head.startswith(b"get /peek"):
            self._say(json.dumps(vars(self._seen)).encode())
        elif head.startswith(b"get /seen"):
            self._say(json.dumps(vars(self._seen)).encode())
            self._seen.forget()
        else:
            self._say(json.dumps(TOKEN).encode())

    def _say(self, body: bytes) -> None:
        assert self._transport is not None
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            % (len(body), body)
        )


async def _serve(latency: float) -> None:
    seen = Seen()
    server = await asyncio.get_running_loop().create_server(lambda: Talk(seen, latency), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency-ms", type=float, default=0.0)
    asyncio.run(_serve(parser.parse_args().latency_ms / 1000))
