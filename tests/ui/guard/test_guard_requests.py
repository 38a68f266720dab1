"""Addresses and headers that the guard refuses, or keeps from the app."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gradio")

from diabolo.ui.guard import Access, Guard

UPLOAD = "/gradio_api/upload"
FORM = "multipart/form-data; boundary=b"


def get(
    folder: Path, path: str, query: str = "", access: Access | None = None, **headers: str
) -> tuple[int, dict[str, str], str, dict[str, str]]:
    """The answer's status, headers and detail, and the headers that the app saw."""
    seen: dict[str, str] = {}
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.update({name.decode(): value.decode() for name, value in scope["headers"]})
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'{"detail": ""}'})

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    named = {"host": "localhost", **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
    }
    asyncio.run(Guard(app, access or Access(), folder)(scope, receive, send))
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, json.loads(sent[1]["body"])["detail"], seen


@pytest.mark.parametrize("path", [UPLOAD, "/login", "/latent/gradio_api/upload", "/latent/login"])
@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=b", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize("charset", ["punycode", "utf-7", "idna", '"unicode_escape"', ""])
def test_forms_of_odd_charsets(tmp_path: Path, path: str, kind: str, charset: str) -> None:
    status, _, detail, seen = get(tmp_path, path, content_type=f"{kind}; Charset={charset}")
    assert (status, seen) == (415, {})
    assert f"charset {charset.strip(chr(34))!r} is not taken" in detail


@pytest.mark.parametrize("charset", ["utf-8", '"UTF-8"', "us-ascii", "latin-1", "ISO-8859-1"])
def test_forms_of_usual_charsets(tmp_path: Path, charset: str) -> None:
    assert get(tmp_path, UPLOAD, content_type=f"{FORM}; charset={charset}")[0] == 200


@pytest.mark.parametrize(
    "path", ["component_server", "component_server/", "run/x", "api/x", "call/x", "queue/join"]
)
def test_calls_take_no_forms(tmp_path: Path, path: str) -> None:
    status, _, detail, _ = get(tmp_path, f"/latent/gradio_api/{path}", content_type=FORM)
    assert (status, detail) == (415, "no forms are taken here. Send JSON.")
    assert get(tmp_path, f"/gradio_api/{path}", content_type="application/json")[0] == 200


@pytest.mark.parametrize("boundary", ["", "; boundary=", '; boundary=""', "; boundary=" + "b" * 71])
def test_uploads_have_a_boundary(tmp_path: Path, boundary: str) -> None:
    status, _, detail, _ = get(tmp_path, UPLOAD, content_type=f"multipart/form-data{boundary}")
    assert (status, "1 to 70 are allowed" in detail) == (422, True)


@pytest.mark.parametrize(
    "end", ["</script><script>x</script>/gradio_api/mcp/", "/gradio_api/mcp", "x/http", "//"]
)
def test_the_protocol_for_programs_has_few_addresses(tmp_path: Path, end: str) -> None:
    for root in ("", "/latent"):
        assert get(tmp_path, f"{root}/gradio_api/mcp/{end}")[0] == 404


@pytest.mark.parametrize("end", ["", "/", "/http", "/http/", "/schema", "/sse", "/messages/"])
def test_its_own_addresses_are_open_and_run_nothing(tmp_path: Path, end: str) -> None:
    for root in ("", "/latent"):
        status, headers, _, _ = get(tmp_path, f"{root}/gradio_api/mcp{end}")
        assert status == 200
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["content-security-policy"].endswith("sandbox")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("upload_progress", "upload_id={}"),
        ("upload_progress", "x=1&upload%5Fid={}"),
        ("upload", "upload_id={}"),
        ("queue/data", "session_hash={}"),
        ("heartbeat/{}", ""),
        ("call/encode/{}", ""),
    ],
)
def test_names_of_sessions_and_uploads_are_short(tmp_path: Path, path: str, query: str) -> None:
    def of(name: str) -> int:
        return get(tmp_path, f"/latent/gradio_api/{path.format(name)}", query.format(name))[0]

    assert [of("a" * 65), of("a b"), of("a/b"), of("a\n")] == [422] * 4
    assert [of("k3j9x0a1b"), of("0f8fad5b-d9cb-469f-a165-70867728950e"), of("a" * 64)] == [200] * 3


def test_addresses_are_short(tmp_path: Path) -> None:
    assert get(tmp_path, "/" + "x" * 4000)[0] == 414
    assert get(tmp_path, "/", "x" * 4001)[0] == 414
    assert get(tmp_path, "/" + "x" * 3999, "x" * 4000)[0] == 200


@pytest.mark.parametrize("path", ["/openapi.json", "/latent/openapi.json", "/docs", "/redoc", "/docs/"])
def test_what_describes_all_routes_is_closed(tmp_path: Path, path: str) -> None:
    assert get(tmp_path, path)[0] == 404
    assert get(tmp_path, f"/gradio_api/file=/x{path}")[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example@127.0.0.1",
        "localhost/evil.example",
        "localhost#x",
        "localhost?x",
        "localhost:80:81",
        "localhost:x",
        "localhost ",
        "<script>",
    ],
)
def test_a_host_is_a_name_and_a_port(tmp_path: Path, host: str) -> None:
    for access in (Access(), Access(hosts=("*",))):
        assert get(tmp_path, "/", access=access, host=host)[0] == 403


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("x-forwarded-host", "demo.example.org", True),
        ("x-forwarded-host", "demo.example.org:8443", True),
        ("x-forwarded-host", "evil.example", False),
        ("x-forwarded-host", "evil.example, demo.example.org", False),
        ("x-forwarded-host", "evil.example@demo.example.org", False),
        ("x-forwarded-proto", "https", True),
        ("x-forwarded-proto", "https, http", True),
        ("x-forwarded-proto", "</script>", False),
        ("x-gradio-server", "http://evil.example", False),
    ],
)
def test_strangers_names_stay_out_of_the_page(tmp_path: Path, name: str, value: str, kept: bool) -> None:
    seen = get(tmp_path, "/", access=Access(hosts=("demo.example.org",)), **{name: value})[3]
    assert (name in seen) == kept
