"""List folders of images, and check that a path is a regular file; for the commands and for training.

Only regular files, and links to them, may be opened: reading a named pipe would block, and reading a device
may have side effects or never end.
"""

from __future__ import annotations

import errno
import os
import shlex
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from diabolo.runtime._old_names import old_names
from diabolo.runtime.image.formats import endings, hint

__all__ = [
    *("Contents", "below", "check_file", "contents", "explain", "is_file", "is_folder", "is_new"),
    *("leads_up", "left_out", "printable", "quoted", "trouble"),
]

_OTHER = (  # endings of image formats; those that the installed Pillow does not read are counted
    *("heic", "heif", "avif", "jxl", "jp2", "j2k", "svg", "svgz", "icns", "psd", "xcf", "eps", "exr", "hdr"),
    *("dng", "cr2", "cr3", "nef", "arw", "raf", "orf", "rw2", "dcm"),
)
_KINDS = (
    (stat.S_ISDIR, "it is a folder"),
    (stat.S_ISFIFO, "it is a named pipe, not a file"),
    (stat.S_ISSOCK, "it is a socket, not a file"),
    (stat.S_ISCHR, "it is a device, not a file"),
    (stat.S_ISBLK, "it is a device, not a file"),
)
_JOINER = "\u200d"  # within some emoji
_LAST_CONTROL = "\u0085"
_LINES = "\u2028\u2029"  # line separator, paragraph separator


class Contents(NamedTuple):
    """The names in one folder, in sorted lists, without those that start with a dot.

    Attributes:
        files: regular files with the ending of an image, and links to such files.
        folders: folders.
        links: links to folders.
        odd: entries that cannot be read, as (name, reason): those with the ending of an image that are not
            files; broken or circular links, also without an ending, since they may have led to folders.
        other: the number of files in each image format that is not read here ('heic', 'svg', ...).
    """

    files: list[str]
    folders: list[str]
    links: list[str]
    odd: list[tuple[str, str]]
    other: Counter[str]


def contents(folder: str | os.PathLike[str]) -> Contents:
    """List one folder, without opening its files.

    Raises:
        OSError: the path is not a folder, or cannot be read.
    """
    found, images = Contents([], [], [], [], Counter()), endings()
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith("."):
                _sort_in(entry, found, images)
    for names in (found.files, found.folders, found.links):
        names.sort()
    found.odd.sort()
    return found


def _sort_in(entry: os.DirEntry[str], found: Contents, images: tuple[str, ...]) -> None:
    name, lower = entry.name, entry.name.lower()
    image = lower.endswith(images)
    try:
        if entry.is_dir(follow_symlinks=False):
            found.folders.append(name)
        elif image and entry.is_file():
            found.files.append(name)
        elif entry.is_dir():
            found.links.append(name)
        elif image or (entry.is_symlink() and "." not in name and _is_dangling(entry.path)):
            found.odd.append((name, trouble(entry.path)))
        elif (kind := lower.rpartition(".")[2]) in _OTHER and kind != lower:
            found.other[kind] += 1
    except OSError as error:  # for instance of a link to itself
        if image or "." not in name:
            found.odd.append((name, explain(error)))


def _is_dangling(link: str) -> bool:
    return not os.path.exists(link)  # noqa: PTH110 - Path.exists() raises where access is denied


def left_out(other: Counter[str]) -> str:
    """A message about files in formats that are not read here, counted by ending; '' if there are none."""
    if not other:
        return ""
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(other.items()))
    installs = sorted({f"{kind}: {hint(kind)}" for kind in other if hint(kind)})
    more = f" (to read {'; '.join(installs)})" if installs else ""
    return f"files of types that cannot be read are ignored: {kinds}{more}"


def below(
    folder: str, fail: Callable[[str, str], None], enter: Callable[[str], bool] = lambda _path: True
) -> Iterator[tuple[str, Contents]]:
    """Walk through a folder and its sub-folders, each one before its own sub-folders, in sorted order.

    A link to a folder is followed if it is in `folder` itself, does not lead back up, and leads to a folder
    that was not visited yet: a class of images may be such a link. Links further down are not followed. Only
    the names of one folder are in memory, and the names of the folders still to be visited.

    Args:
        folder: where to begin.
        fail: called with the path of each file or folder that cannot be read, and the reason.
        enter: returns whether a sub-folder is visited.

    Yields:
        The folder's path and its contents.
    """
    waiting, top, seen = [folder], os.path.realpath(folder), set[object]()
    while waiting:
        here = waiting.pop()
        if not is_new(here, seen):
            continue
        try:
            found = contents(here)
        except OSError as error:
            fail(here, explain(error))
            continue
        for name, reason in found.odd:
            fail(os.path.join(here, name), reason)  # noqa: PTH118 - Path would normalise the path
        yield here, found
        inside = [os.path.join(here, name) for name in reversed(found.folders)]  # noqa: PTH118
        if here == folder:
            links = (os.path.join(here, name) for name in reversed(found.links))  # noqa: PTH118
            inside = [link for link in links if not leads_up(link, top)] + inside
        waiting += filter(enter, inside)


def leads_up(link: str | os.PathLike[str], top: str | os.PathLike[str]) -> bool:
    """Whether a link leads to the folder `top`, given by its real path, or to one that contains it."""
    return Path(top).is_relative_to(os.path.realpath(link))


def is_new(folder: str | os.PathLike[str], seen: set[object]) -> bool:
    """Whether a folder is not in `seen`, under any name; then it is added. True if it cannot be read."""
    try:
        about = os.stat(folder)  # noqa: PTH116 - as elsewhere here
    except OSError:
        return True  # reading it will give the reason
    one: object = (about.st_dev, about.st_ino) if about.st_ino else os.path.realpath(folder)
    if one in seen:
        return False
    seen.add(one)
    return True


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Whether there is a folder at `path`, or a link to one; False, not an error, where access is denied."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir() raises PermissionError and others


def is_file(path: str | os.PathLike[str]) -> bool:
    """Whether there is a regular file at `path`, or a link to one; False where access is denied."""
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file() raises PermissionError and others


def trouble(path: str | os.PathLike[str]) -> str:
    """Why `path` is not a regular file, or a link to one; '' if it is.

    Whether this process may read the file is not checked.
    """
    try:
        check_file(path)
    except OSError as error:
        return explain(error)
    except ValueError:
        return "a path cannot contain a null character"
    return ""


def check_file(path: str | os.PathLike[str]) -> None:
    """Check that it is safe to open `path`: it is a regular file, or a link to one.

    Raises:
        FileNotFoundError: there is nothing at `path`, not even a link.
        OSError: it is not a regular file, or access is denied; `strerror` has the reason.
    """
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - faster, for 200,000 files
    except FileNotFoundError:
        if not os.path.islink(path):  # noqa: PTH114
            raise
        raise OSError(errno.EINVAL, "it is a link that leads nowhere", os.fspath(path)) from None
    except OSError as error:
        raise OSError(error.errno, explain(error), os.fspath(path)) from None
    if not stat.S_ISREG(mode):
        what = next((words for test, words in _KINDS if test(mode)), "it is not a file")
        raise OSError(errno.EINVAL, what, os.fspath(path))


def explain(error: OSError) -> str:
    """The reason of an OSError in a few words, in lower case."""
    if error.errno == errno.ELOOP:
        return "it is a link that leads back to itself"
    return (error.strerror or str(error)).lower()


def printable(text: str) -> str:
    """The text on one line: characters that cannot be printed are escaped, except spaces of other scripts."""
    return "".join(c if _is_plain(c) else c.encode("unicode_escape").decode() for c in text)


def quoted(path: str | os.PathLike[str]) -> str:
    """The path as a word of a command that is shown to be pasted into a shell."""
    text = os.fspath(path)
    if os.name == "nt":
        return f'"{text}"' if set(text) & set(" &()[]{}^=;!'+,`~") else text
    return shlex.quote(text)


def _is_plain(character: str) -> bool:
    space = character.isspace() and character > _LAST_CONTROL and character not in _LINES
    return character.isprintable() or character == _JOINER or space


__getattr__ = old_names(__name__, {"ENDINGS": "diabolo.runtime.image.formats:endings()"})
