"""Fetch a file over HTTP, from its home or a mirror, and verify it by its published checksum."""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diabolo.runtime.errors import MissingPackageError
from diabolo.train.datasets._base import Progress
from diabolo.train.datasets._unfinished import begin, sweep
from diabolo.train.errors import DataError

__all__ = ["Remote", "fetch"]

TIMEOUT = 30.0  # seconds to connect, and seconds without a byte
_ROUNDS = 2  # attempts for an address whose answer was cut off
_CHUNK = 2**16  # bytes


@dataclass(frozen=True, kw_only=True)
class Remote:
    """A published file."""

    name: str  # its file name
    checksum: str  # as published: 'md5:...' or 'sha256:...', in hex
    size: int  # bytes
    addresses: tuple[str, ...]  # full, in the order they are tried


def fetch(file: Remote, target: Path, progress: Progress) -> Path:
    """Fetch `file` to the path `target`, unless it is there already and complete; returns `target`.

    It is written to a temporary folder next to `target`, and moved after its checksum was verified. The next
    process removes the temporary folder of one that was killed.

    Raises:
        DataError: no address gives the file, or `target`'s folder cannot be written to.
        MissingPackageError: pooch or requests, which do the fetching, are not installed.
    """
    try:
        import pooch
        import requests  # noqa: F401 - pooch imports it only when it fetches
    except ImportError as error:
        raise MissingPackageError(
            f"pooch and requests, which fetch datasets, cannot be imported ({error}). "
            'Install them with: pip install "diabolo[train]"'
        ) from error
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep(target.parent)
        if target.is_file() and _is_whole(pooch, target, file):
            return target
        folder = begin(target.parent)
        try:
            with _quiet(pooch.get_logger()):
                reasons = _try_all(pooch, file, folder / target.name, progress)
            if not reasons:
                (folder / target.name).replace(target)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise DataError(
            f"cannot write {file.name} ({file.size:,} bytes) into {target.parent}: {error.strerror or error}"
            ". Make room or mend that, or name another folder with DIABOLO_CACHE."
        ) from error
    if reasons:
        tried = "; ".join(f"{address} ({reason})" for address, reason in reasons.items())
        raise DataError(
            f"cannot fetch {file.name} into {target.parent}. Tried: {tried}. Try again, or "
            "put the file in a folder that you give with --data-dir or DIABOLO_DATA."
        )
    return target


def _try_all(pooch: Any, file: Remote, target: Path, progress: Progress) -> dict[str, str]:
    """The reason why each address failed; empty if one of them succeeded."""
    from requests.exceptions import RequestException

    reasons: dict[str, str] = {}
    hopeless: set[str] = set()
    for address in file.addresses * _ROUNDS:
        if address in hopeless:
            continue
        try:
            pooch.retrieve(
                address,
                known_hash=file.checksum,
                fname=target.name,
                path=target.parent,
                downloader=_Downloader(pooch, file, progress),
            )
        except (RequestException, ValueError) as error:
            reasons[address] = _reason(error)
            hopeless |= set() if _is_cut(error) else {address}
        else:
            return {}
    return reasons


def _is_whole(pooch: Any, path: Path, file: Remote) -> bool:
    algorithm, _, digest = file.checksum.partition(":")
    return bool(pooch.file_hash(str(path), alg=algorithm) == digest.lower())


def _is_cut(error: Exception) -> bool:
    """Whether the network failed, or the server was busy, so that another attempt may succeed."""
    from requests.exceptions import ChunkedEncodingError, ConnectionError, Timeout

    response = getattr(error, "response", None)
    busy = response is not None and (response.status_code >= 500 or response.status_code == 429)
    return busy or isinstance(error, ChunkedEncodingError | ConnectionError | Timeout)


class _Downloader:
    """One attempt, called by pooch: fetches the unmodified bytes, counts them, and closes the connection."""

    def __init__(self, pooch: Any, file: Remote, progress: Progress) -> None:
        self._pooch, self._file, self._progress = pooch, file, progress

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:
        Path(output_file).unlink()  # only its owner may read it; all users may read a new file
        with contextlib.ExitStack() as stack:

            def opened(response: Any, **_: Any) -> None:
                stack.callback(response.close)
                # some servers declare .gz as a content encoding; unpacked, the file would fail its checksum
                response.raw.headers.discard("Content-Encoding")

            self._pooch.HTTPDownloader(
                progressbar=_Meter(self._file, Path(output_file), self._progress),
                chunk_size=_CHUNK,
                timeout=TIMEOUT,
                headers={"Accept-Encoding": "identity"},
                hooks={"response": opened},
            )(url, output_file, pooch)


class _Meter:
    """The progress bar for pooch; it also ends a download that is longer than the file."""

    total = 0  # set by pooch to what the server declares, which is ignored

    def __init__(self, file: Remote, path: Path, progress: Progress) -> None:
        self._file, self._path, self._progress = file, path, progress
        self._tell(0)

    def update(self, size: int) -> None:
        done = self._path.stat().st_size  # pooch counts whole chunks, even if they are shorter
        if done > self._file.size:
            raise ValueError(f"sends more than the file's {self._file.size} bytes")
        self._tell(done)

    def _tell(self, done: int) -> None:
        self._progress(f"downloading {self._file.name} (kB)", done // 1000, self._file.size // 1000)

    def reset(self) -> None:
        pass

    def close(self) -> None:
        pass


def _reason(error: Exception) -> str:
    """Only the reason, in one line; requests wraps it in several other errors."""
    response = getattr(error, "response", None)
    if response is not None and response.status_code >= 400:
        return f"{response.status_code} {response.reason}"
    inner: BaseException = error
    while following := inner.__cause__ or inner.__context__:
        inner = following
    if isinstance(inner, TimeoutError):
        return f"no answer for {TIMEOUT:g} seconds"
    text = str(getattr(inner, "strerror", None) or inner).split(". Deleted download")
    words = " ".join(text[0].split()) or type(inner).__name__
    return f"{words}; deleted" if len(text) > 1 else words


@contextlib.contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
