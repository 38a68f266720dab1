"""The picture formats that are read: those that the installed Pillow decodes, on its own or with a plugin."""

from __future__ import annotations

import functools
import importlib
from contextlib import suppress

__all__ = ["endings", "formats", "hint"]

# By Pillow's name, with the endings of file names. No other decoders are used, whatever a file is called:
# some run programs (EPS), or draw (WMF).
_ALWAYS = {
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "WEBP": (".webp",),
    "BMP": (".bmp",),
    "TIFF": (".tif", ".tiff"),
    "GIF": (".gif",),
    "PPM": (".pgm", ".ppm", ".pbm", ".pnm"),
    "ICO": (".ico",),
    "DDS": (".dds",),
    "QOI": (".qoi",),
    "PCX": (".pcx",),
    "TGA": (".tga",),  # last: it has no signature
}
_COMPILED_IN = {  # with the name of the library for PIL.features
    "AVIF": ((".avif",), "avif"),
    "JPEG2000": ((".jp2", ".j2k", ".jpx", ".jpc"), "jpg_2000"),
}
_PLUGINS = {  # with the module, the function that registers it, and the package
    "HEIF": ((".heic", ".heif"), "pillow_heif", "register_heif_opener", "pillow-heif"),
    "JXL": ((".jxl",), "pillow_jxl", "", "pillow-jxl-plugin"),
}


@functools.cache
def _readable() -> dict[str, tuple[str, ...]]:
    from PIL import Image, features

    found = {name: ends for name, (ends, library) in _COMPILED_IN.items() if features.check(library)}
    for name, (ends, module, register, _) in _PLUGINS.items():
        with suppress(ImportError, AttributeError):
            plugin = importlib.import_module(module)
            if register:
                getattr(plugin, register)()
            found[name] = ends
    Image.init()
    return {name: ends for name, ends in (found | _ALWAYS).items() if name in Image.OPEN}


def formats() -> tuple[str, ...]:
    """The formats that are read here, by Pillow's names: 'PNG', 'JPEG', 'AVIF', ..."""
    return tuple(_readable())


@functools.cache
def endings() -> tuple[str, ...]:
    """The endings of files in these formats, in lower case with the dot; the most common ones first."""
    known = _readable()
    return tuple(end for name in sorted(known, key=[*_ALWAYS, *known].index) for end in known[name])


def hint(ending: str) -> str:
    """How to have files read that end so, such as 'heic' or '.heic'; '' if they are, or cannot be."""
    dotted = f".{ending.lower().lstrip('.')}"
    if dotted in endings():
        return ""
    packages = (package for ends, _, _, package in _PLUGINS.values() if dotted in ends)
    return next((f"pip install {package}" for package in packages), "")
