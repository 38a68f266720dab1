"""The `diabolo` command; each sub-command is one file in this folder, loaded when it is needed."""

from __future__ import annotations

import errno
import io
import logging
import os
import sys
from pathlib import Path
from typing import Any

import click

from diabolo.runtime import _discovery
from diabolo.runtime.errors import DiaboloError, MissingPackageError
from diabolo.runtime.listing import printable

__all__ = ["main"]

_EXTRAS = {  # package: the extra that installs it
    "torch": "train",
    "torchvision": "train",
    "onnx": "train",
    "onnxscript": "train",
    "onnx_ir": "train",
    "safetensors": "train",
    "matplotlib": "train",
    "pooch": "train",
    "psutil": "train",
    "requests": "train",
    "gradio": "ui",
}
_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EFBIG}  # no fault of the program


class _Commands(click.Group):
    """Finds commands by their files, and turns our errors into a message and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return _discovery.names(__name__)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = _discovery.find(__name__, cmd_name, "command", "See diabolo --help.")
        command: click.Command = module.command
        return command

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command; characters that stdout cannot encode are escaped, such as `\\u8c93` in cp1252.

        Names of files may have such characters; by default Python would end with an error, often after all
        the work is done. It escapes them on stderr itself.
        """
        if "MPLBACKEND" in os.environ:  # left by a notebook, or not valid: matplotlib would fail
            os.environ["MPLBACKEND"] = "agg"  # commands open no windows
        logging.getLogger("matplotlib").addFilter(_is_news)
        if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            return super().main(*args, **extra)
        except OSError as error:
            if error.errno not in _MACHINE:
                raise
            if not error.filename:  # it may be stdout, which Python would flush once more at its end
                sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - until then
            place = f": {error.filename}" if error.filename else " while writing the output"
            _fail(DiaboloError(f"{error.strerror}{place}. Mend that and run the command again."))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DiaboloError as error:
            _fail(error)
        except ModuleNotFoundError as error:
            package = (error.name or "").split(".")[0]
            if package not in _EXTRAS:
                raise
            _fail(
                MissingPackageError(
                    f"this command needs {package}, which is not installed. "
                    f'Install it with: pip install "diabolo[{_EXTRAS[package]}]".'
                )
            )
        except KeyboardInterrupt as stop:
            click.echo("stopped.", err=True)
            sys.exit(getattr(stop, "exit_code", 1))  # that of the signal that training caught


def _is_news(record: logging.LogRecord) -> bool:
    """Whether it is not what matplotlib says, in two lines, of a home folder that it cannot write to."""
    text = str(record.msg)
    return not any(
        part in text for part in ("mkdir -p failed", "not a writable", "temporary cache directory")
    )


def _fail(error: DiaboloError) -> None:
    click.echo(printable(f"diabolo: {error}"), err=True)  # it may quote text from an untrusted bundle
    sys.exit(error.exit_code)


@click.command(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="diabolo")
def main() -> None:
    """Train autoencoders, export them to ONNX, run them without torch, and explore them in an app.

    \b
    Start here, no data needed:    diabolo demo
    Use the ready-made models:     diabolo models, diabolo ui
    Step by step:                  diabolo train vae --dataset mnist -o runs/vae
                                   diabolo export runs/vae -o bundles/mnist-vae
                                   diabolo ui bundles/mnist-vae
    """
