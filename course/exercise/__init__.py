"""Check a file that a student completed: say what is wrong and give a hint, not the answer.

The file is executed in a process of its own, with a time limit for each step.
"""

from __future__ import annotations

from diabolo.course.exercise._check import check
from diabolo.course.exercise._exercise import Exercise
from diabolo.course.exercise._report import Finding, Report
from diabolo.course.exercise._texts import step_text

__all__ = ["Exercise", "Finding", "Report", "check", "step_text"]
