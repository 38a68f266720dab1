"""Close idle and slow connections, which uvicorn alone would keep open for ever, in any number."""

import asyncio
from socket import SO_SNDBUF, SOL_SOCKET

from uvicorn.protocols.http.h11_impl import H11Protocol

try:
    from resource import RLIMIT_NOFILE, getrlimit

    DESCRIPTORS = getrlimit(RLIMIT_NOFILE)[0]  # the most files and connections of this process
except ImportError:  # Windows
    DESCRIPTORS = 512

MOST_CONNECTIONS = max(1, min(1024, DESCRIPTORS // 2))  # the rest is for files and closing connections
BACKLOG = max(1, MOST_CONNECTIONS // 8)  # connections that are accepted before any of them is checked
UNDERWAY = 2**16  # bytes of an answer in the system's buffer; further ones show whether the client reads
SECONDS = 20.0  # without a request's head, or without the client reading a byte of the answer


class Patient(H11Protocol):
    """A connection whose client must send its request, and read the answer, in time.

    If there are more than MOST_CONNECTIONS, the one that has waited for its client the longest is closed.
    """

    _timer: asyncio.TimerHandle | None = None
    _since = 0.0  # start of the wait for the client, in seconds of the loop's clock
    _owed = 0  # bytes of answers that the client had not read at that time

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_SNDBUF, UNDERWAY)
        self._wait()
        if len(self.connections) > MOST_CONNECTIONS:
            longest = min((each for each in self.connections if each.waits()), key=lambda each: each._since)
            self.connections.discard(longest)
            longest.transport.abort()

    def on_response_complete(self) -> None:
        if self.conn.trailing_data[
            0
        ]:  # a request before the previous answer: their number would be unlimited
            self.transport.close()
        super().on_response_complete()
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._timer:
            self._timer.cancel()

    def waits(self) -> bool:
        """Whether the connection waits for the client to send a request or its rest, or to read."""
        return not self._asked() or self.cycle.more_body or self.transport.get_write_buffer_size() > 0

    def _asked(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._since, self._owed = self.loop.time(), self.transport.get_write_buffer_size()
        self._timer = self.loop.call_later(SECONDS, self._close_if_stuck)

    def _close_if_stuck(self) -> None:
        owed = self.transport.get_write_buffer_size()
        if owed < self._owed or (self._asked() and not owed):
            self._wait()
        else:
            self.transport.abort()  # close() would wait until the client has read everything
