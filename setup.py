"""Finds the packages, so that a new tab is a new folder and nothing else; the rest is in pyproject.toml."""

from __future__ import annotations

from setuptools import find_packages, setup

FLOORS = ("runtime", "train", "export", "course", "ui")

setup(
    packages=[
        "diabolo",
        *(
            name
            for floor in FLOORS
            for name in (f"diabolo.{floor}", *(f"diabolo.{floor}.{inner}" for inner in find_packages(floor)))
        ),
    ]
)
