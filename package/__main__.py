"""`python -m diabolo`, the same as the command `diabolo`."""

from __future__ import annotations

from diabolo.ui.cli import main

if __name__ == "__main__":
    main(prog_name="diabolo")
