"""`python -m diabolo.ui.cli`, the same as `diabolo`."""

from diabolo.ui.cli import main

main(prog_name="diabolo")
