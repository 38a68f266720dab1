"""Tensors in a safetensors file with a checksum, so that a flipped bit is noticed when they are read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from diabolo.runtime.listing import check_file

__all__ = ["ChecksumError", "about", "read", "write"]

_CHECKSUM = "sha256"  # of all tensors and texts; its key in the metadata


class ChecksumError(Exception):
    """The content of a file does not match its checksum."""


def write(path: Path, tensors: Mapping[str, Tensor], texts: Mapping[str, str] | None = None) -> None:
    """Write tensors, and texts by name as metadata, with a checksum over both.

    Raises:
        OSError, SafetensorError: the file cannot be written.
    """
    plain = {key: value.detach().to("cpu", copy=True).contiguous() for key, value in tensors.items()}
    texts = dict(texts or {})
    save_file(plain, path, texts | {_CHECKSUM: _digest(plain, texts)})


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the texts; a file of an older release has no checksum and is not verified.

    Raises:
        ChecksumError: the file is damaged.
        OSError, SafetensorError: it cannot be read, or its structure is damaged.
    """
    check_file(path)
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is not a dict
        texts = dict(file.metadata() or {})
    written = texts.pop(_CHECKSUM, None)
    if written is not None and written != _digest(tensors, texts):
        raise ChecksumError("its checksum does not match, so it is damaged")
    return tensors, texts


def about(path: Path) -> dict[str, str]:
    """Only the texts, without verifying the checksum.

    Raises:
        OSError, SafetensorError: it cannot be read.
    """
    check_file(path)
    with safe_open(path, "pt") as file:
        return dict(file.metadata() or {})


def _digest(tensors: Mapping[str, Tensor], texts: Mapping[str, str]) -> str:
    sha256 = hashlib.sha256(json.dumps(sorted(texts.items())).encode())
    for name, value in sorted(tensors.items()):
        sha256.update(json.dumps([name, str(value.dtype), list(value.shape)]).encode())
        sha256.update(value.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return sha256.hexdigest()
