"""Functions that a component's page calls on the server: what is wrong with a call is told, not raised."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, TypeVar, cast

from fastapi import HTTPException

from diabolo.runtime._old_names import old_names
from diabolo.runtime.errors import DiaboloError
from diabolo.ui.blocks import logged

__all__ = ["report_errors"]

_LOG = logging.getLogger("diabolo.ui")
_Function = TypeVar("_Function", bound=Callable[..., Any])


class _Asked(dict[str, Any]):
    """What a page asks; it always names all that the function takes."""

    def __missing__(self, key: str) -> Any:
        raise HTTPException(422, f"this call lacks {key!r}.")


def report_errors(function: _Function) -> _Function:
    """The same function, whose last argument is an object that a client sent.

    What cannot be done is answered with the reason, as 'problem', which the page shows. A call that no page
    sends gets 422, and an error of ours 500 with its number in the log.
    """

    @functools.wraps(function)
    def answer(*arguments: Any) -> Any:
        *first, asked = arguments
        if not isinstance(asked, dict):
            raise HTTPException(422, f"this call takes an object, not {type(asked).__name__}.")
        try:
            return function(*first, _Asked(asked))
        except HTTPException:
            raise
        except DiaboloError as error:
            return {"problem": str(error)}  # of any other status gradio's page tells no more than the number
        except (TypeError, ValueError, OverflowError) as error:
            _LOG.info("a call of %s was refused", function.__name__, exc_info=True)
            raise HTTPException(422, f"this call has a value that cannot be taken: {error}.") from None
        except Exception:  # noqa: BLE001 - logged as a whole, and told by its number
            raise HTTPException(500, logged(function.__name__)) from None

    return cast("_Function", answer)


__getattr__ = old_names(__name__, {"told": "report_errors"})
