"""Are the dataset's images what they should be: enough, different from each other, and in one split only?"""

from __future__ import annotations

from collections.abc import Callable

from diabolo.train.evaluation.doctor._evidence import Evidence, percent
from diabolo.train.evaluation.doctor._finding import Finding, Severity
from diabolo.train.evaluation.doctor._image_facts import DataFacts

__all__ = ["classes", "constant", "duplicates", "few", "leaked"]

_FEW = 100  # training images; below, models learn them by heart (docs/benchmarks.md)
_FEW_TESTED = 10  # test images; fewer say little about others
_MUCH = 0.01  # of the images: fewer duplicates hardly change a figure
_SEE = "the images themselves, here: "


def few(e: Evidence) -> list[Finding]:
    """Too few images to learn from, or to test on."""
    found = []
    tested = e.number("images") if e.data is None else float(e.data.test)
    if e.learned is not None and e.learned < _FEW:
        problem = f"{e.learned} images to learn from are few: a network learns them by heart."
        advice = "add images; until then, leave --epochs out, so that they are augmented, and try --width 32"
        found.append(_finding("too-few-images", "warning", problem, "the first line of the training", advice))
    if tested is not None and tested < _FEW_TESTED:
        problem = f"{tested:.0f} test images are few: the figures say little about other images."
        found.append(_finding("too-few-test-images", "note", problem, "images in metrics.json", "add images"))
    return found


def _of_data(check: Callable[[DataFacts], list[Finding]]) -> Callable[[Evidence], list[Finding]]:
    def run(e: Evidence) -> list[Finding]:
        return [] if e.data is None else check(e.data)

    run.__doc__ = check.__doc__
    return run


@_of_data
def constant(data: DataFacts) -> list[Finding]:
    """Images of a single colour."""
    if not data.constant:
        return []
    problem = f"{data.constant:,} of {data.looked_at:,} images are of one colour, with nothing in them."
    advice = "remove them, or read 16-bit files with --range auto, if they are dark"
    severity = _severity(data.constant, data.looked_at)
    return [_finding("constant-images", severity, problem, _SEE + data.constant_at, advice)]


@_of_data
def duplicates(data: DataFacts) -> list[Finding]:
    """The same image several times in the training split."""
    if data.duplicates <= _MUCH * data.looked_at:
        return []
    problem = (
        f"{data.duplicates:,} of {data.looked_at:,} images ({percent(data.duplicates / data.looked_at)}) "
        "are copies of another one in the same split, pixel by pixel."
    )
    return [_finding("duplicate-images", "note", problem, _SEE + data.duplicate_at, "remove the copies")]


@_of_data
def leaked(data: DataFacts) -> list[Finding]:
    """Test images that the model was trained on."""
    if not data.leaked:
        return []
    problem = (
        f"{data.leaked:,} of {data.tested:,} test images ({percent(data.leaked / data.tested)}) are also "
        "training images, pixel by pixel: the figures on the test split are too good."
    )
    advice = "remove them from one of the splits, then train again"
    severity = _severity(data.leaked, data.tested)
    return [_finding("test-images-in-train", severity, problem, _SEE + data.leaked_at, advice)]


@_of_data
def classes(data: DataFacts) -> list[Finding]:
    """A class without an image in one of the splits."""
    found = []
    for split, missing in data.missing.items():
        named = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        problem = f"{len(missing)} of {data.classes} classes have no image in the {split} split: {named}."
        advice = "give each class images in both splits, or leave it out with --classes"
        see = "the sub-folders of the images; class_names in config.json"
        found.append(_finding("class-missing", "warning", problem, see, advice))
    return found


def _severity(count: int, of: int) -> Severity:
    return "warning" if count > _MUCH * of else "note"


def _finding(name: str, severity: Severity, problem: str, see: str, advice: str) -> Finding:
    return Finding(name=name, severity=severity, problem=problem, see=see, advice=advice)
