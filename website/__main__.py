"""`python -m website -o build/site`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from website.build import build


def main() -> None:
    """Build the site; a warning is a failure."""
    parser = argparse.ArgumentParser(prog="python -m website", description="Build the documents as a site.")
    parser.add_argument("-o", "--out", type=Path, default=Path("build/site"), help="a new or empty folder")
    out = parser.parse_args().out
    try:
        warnings = build(out)
    except (FileExistsError, FileNotFoundError) as error:
        sys.exit(str(error))
    print(out / "index.html")
    if warnings:
        sys.exit(f"{warnings} warnings: see above.")


if __name__ == "__main__":
    main()
