"""The app starts although the environment names a proxy, which its own requests must not take."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from _chromium import GRADIO_MARKS
from _coded import save_coded
from _served import served

pytest.importorskip("gradio")

pytestmark = GRADIO_MARKS

NOBODY = "127.0.0.1:9"  # where nothing listens


@pytest.mark.parametrize(
    "setting",
    [
        ("http_proxy", f"http://{NOBODY}"),
        ("HTTP_PROXY", f"http://{NOBODY}"),
        ("ALL_PROXY", f"socks5://{NOBODY}"),
        ("https_proxy", "nonsense:port"),
    ],
)
def test_the_app_starts_in_spite_of_a_proxy(
    setting: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_coded(tmp_path / "plane")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(*setting)
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with served(tmp_path / "plane", device="cpu") as address, direct.open(f"{address}config") as answer:
        assert answer.status == 200
        assert not {"no_proxy", "NO_PROXY"} & os.environ.keys()  # other programs' requests go where they went


def test_gradio_is_imported_in_spite_of_a_proxy() -> None:
    environment = os.environ | {"ALL_PROXY": f"socks5://{NOBODY}"}
    environment.pop("no_proxy", None)
    environment.pop("NO_PROXY", None)
    code = "from diabolo.ui import launch; import gradio"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
