"""Tensors in a safetensors file with a checksum: a bit that flips on the disk is found when they are read."""

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

_CHECKSUM = "sha256"  # of all tensors and texts, by this name among the texts


class ChecksumError(Exception):
    """The bytes are not those that were written."""


def write(path: Path, tensors: Mapping[str, Tensor], texts: Mapping[str, str] | None = None) -> None:
    """Write tensors, and texts by name, with a checksum over both.

    Raises:
        OSError, SafetensorError: the file cannot be written.
    """
    plain = {key: value.detach().to("cpu", copy=True).contiguous() for key, value in tensors.items()}
    texts = dict(texts or {})
    save_file(plain, path, texts | {_CHECKSUM: _digest(plain, texts)})


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the texts; a file of an older release, without a checksum, is read as it is.

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
    """The texts alone, which are not checked.

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
