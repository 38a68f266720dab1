"""Where the app may listen."""

from __future__ import annotations

import errno
import os
import socket

from diabolo.ui.errors import PortError

__all__ = ["check_port", "free_port"]

_FIRST_PORT, _PORTS = 7860, 100


def check_port(port: int, host: str) -> int:
    """The same port, if the app may listen there.

    Raises:
        PortError: it may not.
    """
    if not 0 < port < 65536:
        raise PortError(f"port {port} does not exist: ports go from 1 to 65535.")
    if reason := _refused(port, host):
        raise PortError(
            f"port {port} on {host} {reason}. "
            "Choose another with --port, or leave --port out to get a free one."
        )
    return port


def free_port(host: str) -> int:
    """The first free port from 7860.

    Raises:
        PortError: there is none.
    """
    for port in range(_FIRST_PORT, _FIRST_PORT + _PORTS):
        if not _refused(port, host):
            return port
    raise PortError(
        f"ports {_FIRST_PORT} to {_FIRST_PORT + _PORTS - 1} on {host} are all taken. "
        "Name a free one with --port."
    )


def _refused(port: int, host: str) -> str:
    """Why this port cannot be had, or ''.

    Raises:
        PortError: the host is none of this machine.
    """
    try:
        family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        raise PortError(
            f"{host!r} is no address of this machine. Give --host 127.0.0.1 or 0.0.0.0."
        ) from None
    with socket.socket(family, kind) as probe:
        # on posix: have a port again that was just given up; elsewhere the option means something else
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise PortError(
                    f"{host!r} is no address of this machine. Give --host 127.0.0.1 or 0.0.0.0."
                ) from None
            return "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
    return ""
