"""A real nginx in front of what listens on a port of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from _served import free_port

_CONFIGURATION = """
daemon off;
worker_processes 1;
error_log stderr error;
pid {folder}/pid;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_max_body_size 300m;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    location {location} {{ proxy_pass {upstream}; }}
  }}
}}
"""


def _binary() -> str:
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("nginx is not installed")
        pytest.skip("nginx is not installed")
    return found


@contextmanager
def proxied(folder: Path, location: str, upstream: str) -> Iterator[str]:
    """The address of nginx, without a slash; what it gets below `location` it passes on to `upstream`."""
    binary, port = _binary(), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "nginx.conf"
    file.write_text(
        _CONFIGURATION.format(folder=folder, port=port, location=location, upstream=upstream), "utf-8"
    )
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen([binary, "-p", folder, "-c", file]) as process:
        try:
            _wait_for(address, process)
            yield address
        finally:
            process.terminate()


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"{address}/nothing", timeout=5):
                return
        except urllib.error.HTTPError as error:
            error.close()
            return
        except OSError:
            assert process.poll() is None, "nginx has ended"
            time.sleep(0.05)
    raise AssertionError("nginx does not answer")
