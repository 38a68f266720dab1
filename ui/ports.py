"""Finds a port for the app to listen on."""

from __future__ import annotations

import errno
import os
import socket

from diabolo.ui.errors import PortError

__all__ = ["check_port", "free_port"]

_FIRST_PORT, _PORTS = 7860, 100


def check_port(port: int, host: str) -> int:
    """Return `port` if the app can listen on it.

    Raises:
        PortError: it cannot.
    """
    if not 0 < port < 65536:
        raise PortError(f"port {port} is not valid. Choose one from 1 to 65535.")
    if reason := _listen_problem(port, host):
        raise PortError(
            f"port {port} on {host} {reason}. "
            "Choose another with --port, or leave out --port to use a free one."
        )
    return port


def free_port(host: str) -> int:
    """The first free port from 7860.

    Raises:
        PortError: the first hundred ports are not free.
    """
    for port in range(_FIRST_PORT, _FIRST_PORT + _PORTS):
        if not _listen_problem(port, host):
            return port
    raise PortError(
        f"ports {_FIRST_PORT} to {_FIRST_PORT + _PORTS - 1} on {host} are all taken. "
        "Choose a free one with --port."
    )


def _listen_problem(port: int, host: str) -> str:
    """Why the app cannot listen on this port, or '' if it can.

    Raises:
        PortError: the host is not an address of this machine.
    """
    try:
        family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        raise PortError(
            f"{host!r} is not an address of this machine. Use --host 127.0.0.1 or 0.0.0.0."
        ) from None
    with socket.socket(family, kind) as probe:
        # on POSIX this allows a port that was just released; elsewhere the option means something else
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise PortError(
                    f"{host!r} is not an address of this machine. Use --host 127.0.0.1 or 0.0.0.0."
                ) from None
            return "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
    return ""
