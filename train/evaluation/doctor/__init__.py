"""What is wrong with a training, how one can see it, and what to try.

    evidence = evidence_of(Run.open("runs/vae"))
    for finding in diagnose(evidence):
        print(finding.name, finding.problem, finding.advice)

Each file holds the checks of one kind: pure functions of an `Evidence` that return `Finding`s. `_diagnose.py`
lists them all.
"""

from __future__ import annotations

from diabolo.train.evaluation.doctor._diagnose import CHECKS, Check, checked, diagnose, in_short
from diabolo.train.evaluation.doctor._evidence import Evidence
from diabolo.train.evaluation.doctor._finding import SEVERITIES, Finding, Severity
from diabolo.train.evaluation.doctor._image_facts import DataFacts, PictureFacts
from diabolo.train.evaluation.doctor._read import evidence_of, left_out, with_data, with_pictures

__all__ = [
    "CHECKS",
    "SEVERITIES",
    "Check",
    "DataFacts",
    "Evidence",
    "Finding",
    "PictureFacts",
    "Severity",
    "checked",
    "diagnose",
    "evidence_of",
    "in_short",
    "left_out",
    "with_data",
    "with_pictures",
]
