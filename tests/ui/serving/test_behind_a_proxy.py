"""A mounted app behind nginx: with every relation of the path in the service to the one that browsers see."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from _chromium import GRADIO_MARKS, started, watch
from _coded import save_coded
from _served import free_port
from PIL import Image

pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS

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
    location = /favicon.ico {{ return 204; }} # a browser may ask before the page names its icon
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


# where the app is mounted, its `root_path`, uvicorn's, what nginx passes on, and to where
CASES = {
    "the same path on both sides": ("/latent", None, "", "/latent/", "/latent/"),
    "the same path, passed on as it is": ("/latent", None, "", "/latent/", ""),
    "a prefix that is stripped": ("/latent", "/demos/latent", "", "/demos/", "/"),
    "a prefix that the server adds again": ("/latent", "/demos/latent", "/demos", "/demos/", "/"),
    "a prefix that is kept": ("/demos/latent", None, "", "/demos/latent/", ""),
    "another path": ("/latent", "/models", "", "/models/", "/latent/"),
    "the whole path is stripped": ("/", "/demos/latent", "", "/demos/latent/", "/"),
    "a path within itself": ("/a", "/a/a", "", "/a/", "/"),
}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle") / "plane"
    save_coded(folder)
    return folder


@contextmanager
def serviced(bundle: Path, path: str, root_path: str | None, own: str) -> Iterator[str]:
    """The address of a service with the app, without a slash."""
    import uvicorn
    from fastapi import FastAPI

    from diabolo.ui import mount

    service = mount(FastAPI(), bundle, path=path, root_path=root_path, device="cpu", language="en")
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(service, "127.0.0.1", port, root_path=own, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(60)


@pytest.fixture(scope="module", params=CASES)
def public(request: Any, bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the app as browsers see it, without a slash."""
    path, root_path, own, location, upstream = CASES[request.param]
    with (
        serviced(bundle, path, root_path, own) as service,
        proxied(tmp_path_factory.mktemp("nginx"), location, service + upstream) as address,
    ):
        yield address + (root_path or path)


def test_a_program_sends_and_gets_files(public: str, tmp_path: Path) -> None:
    from gradio_client import Client, handle_file

    Image.new("L", (40, 30), 90).save(tmp_path / "picture.png")
    client = Client(f"{public}/", verbose=False, download_files=str(tmp_path))
    seen, *_ = client.predict("by-hand", handle_file(tmp_path / "picture.png"), api_name="/reconstruct")
    with Image.open(seen) as picture:
        assert picture.size[0] > 1


def test_all_addresses_of_the_page_lead_below_the_public_path(public: str) -> None:
    with urllib.request.urlopen(f"{public}/", timeout=60) as answer:
        page = answer.read().decode()
    assert f'"root":"{public}"' in page
    with urllib.request.urlopen(f"{public}/theme.css", timeout=60) as answer:
        assert answer.status == 200
    icon = re.search(r'link rel=."icon.".*?href=."([^"]+?)."', page)  # in the page's JSON
    assert icon is not None
    with urllib.request.urlopen(urljoin(public, icon[1]), timeout=60) as answer:
        assert answer.headers["content-type"] == "image/png"
    asset = re.search(r'"\./(assets/[^"]+\.(?:js|css))"', page)
    assert asset is not None
    with urllib.request.urlopen(f"{public}/{asset[1]}", timeout=60) as answer:
        assert answer.status == 200


def test_without_its_last_slash_the_path_leads_to_the_page(public: str) -> None:
    from httpx import get

    answer = get(public, trust_env=False)
    if answer.status_code == 301:  # nginx itself adds the slash of its location
        answer = get(f"{public}/", trust_env=False)
    assert answer.status_code in (200, 307)
    if answer.status_code == 307:
        assert answer.headers["location"] == f"{urlsplit(public).path}/"


@pytest.mark.browser
def test_a_page_works_below_a_stripped_prefix(bundle: Path, tmp_path: Path) -> None:
    with (
        serviced(bundle, "/latent", "/demos/latent", "") as service,
        proxied(tmp_path, "/demos/", f"{service}/") as address,
        started() as browser,
    ):
        page = browser.new_page()
        wrong = watch(page)
        page.goto(f"{address}/demos/latent/")
        page.get_by_role("button", name="Fetch a sample").first.click()
        page.locator(".block.reconstruct-figures", has_text="MSE").wait_for(timeout=60_000)
        assert wrong == []
