"""Starting an onnxruntime session so that it runs where it was told to, or saying what is missing."""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from diabolo.runtime.errors import GraphError

__all__ = ["CPU", "CUDA", "TENSORRT", "short", "start", "start_on"]

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"
TENSORRT = "TensorrtExecutionProvider"

_LIBRARY = {CUDA: "cuda", TENSORRT: "tensorrt"}  # providers that lie in a library of their own
_OPTIONS = {
    CUDA: {
        "use_tf32": "0",  # it would keep three digits of a product
        "cudnn_conv_algo_search": "HEURISTIC",  # the exhaustive one begins anew at every other batch size
    }
}
_FIX = {
    CUDA: 'Install CUDA and cuDNN for it: pip install "onnxruntime-gpu[cuda,cudnn]".',
    TENSORRT: "Install TensorRT and put its libraries on LD_LIBRARY_PATH (PATH on Windows): "
    "https://onnxruntime.ai/docs/execution-providers/TensorRT-ExecutionProvider.html.",
}


def short(provider: str) -> str:
    """The name people use: 'cuda' for CUDAExecutionProvider."""
    return provider.removesuffix("ExecutionProvider").lower()


def start(ort: Any, model: bytes, threads: int) -> Any:
    """A session on the CPU.

    Raises:
        GraphError: onnxruntime refuses the graph.
    """
    try:
        return _session(ort, model, [CPU], threads)
    except Exception as error:  # noqa: BLE001  onnxruntime raises a dozen unrelated classes; the text is passed on
        raise GraphError(f"onnxruntime refuses the graph: {_line(error)}. Get the bundle again.") from None


def start_on(ort: Any, model: bytes, provider: str, index: int, threads: int) -> tuple[Any, str]:
    """A session that really runs on `provider`, and what it runs there; or None, and why not.

    Args:
        ort: the onnxruntime module.
        model: the bytes of an .onnx file.
        provider: onnxruntime's name of it, one of those available.
        index: which GPU, where there are several.
        threads: CPU threads for one call.
    """
    try:
        with _quiet(ort):
            if provider in _LIBRARY and hasattr(ort, "preload_dlls"):
                with contextlib.redirect_stdout(sys.stderr):  # it prints what it does not find
                    ort.preload_dlls()
            session = _session(ort, model, _chain(ort, provider, index), threads)
    except Exception as error:  # noqa: BLE001  as above
        return None, _missing(ort, provider) or f"onnxruntime could not start it: {_line(error)}."
    if session.get_providers()[0] != provider:
        return None, _missing(ort, provider) or f"onnxruntime could not start {provider}, without a reason."
    taken, nodes = _taken(session, provider)
    if nodes and not taken:
        return None, f"{provider} can run none of this graph's operators."
    return session, f"{taken} of {nodes} operators" if taken < nodes else ""


def _chain(ort: Any, provider: str, index: int) -> list[Any]:
    """The provider, and what takes the operators that it does not know."""
    where = {"device_id": str(index)}
    first: Any = (provider, where | _OPTIONS.get(provider, {})) if provider in _LIBRARY else provider
    if provider == TENSORRT and CUDA in ort.get_available_providers():
        return [first, (CUDA, where | _OPTIONS[CUDA]), CPU]
    return [first, CPU]


def _session(ort: Any, model: bytes, providers: list[Any], threads: int) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    # spinning threads answer a little sooner and burn whole cores while nothing is asked
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.record_ep_graph_assignment_info", str(int(len(providers) > 1)))
    options.log_severity_level = 3
    # with its fallback on, onnxruntime prints to stdout and goes on with another provider
    session = ort.InferenceSession(model, options, providers=providers, enable_fallback=0)
    session.disable_fallback()  # releases that do not know the argument
    return session


@contextlib.contextmanager
def _quiet(ort: Any) -> Iterator[None]:
    """Its errors about libraries are told in our message instead."""
    ort.set_default_logger_severity(4)
    try:
        yield
    finally:
        ort.set_default_logger_severity(2)


def _missing(ort: Any, provider: str) -> str:
    """The library without which `provider` does not load, and where to get it; '' when that is not it."""
    if provider not in _LIBRARY:
        return ""
    start, end = ("", ".dll") if sys.platform == "win32" else ("lib", ".so")
    name = f"{start}onnxruntime_providers_{_LIBRARY[provider]}{end}"
    try:
        ctypes.CDLL(str(Path(ort.__file__).parent / "capi" / name))
    except OSError as error:
        # 'libcublasLt.so.13: cannot open shared object file: ...'; another complaint is of its own loader
        missing = str(error).split(":")[0]
        if "undefined symbol" not in str(error):
            return f"the library {Path(missing).name} is missing or does not load. {_FIX[provider]}"
    return ""


def _taken(session: Any, provider: str) -> tuple[int, int]:
    """How many of the graph's operators `provider` runs, and of how many; zeros where nobody knows."""
    if not hasattr(session, "get_provider_graph_assignment_info"):
        return 0, 0  # onnxruntime before 1.24
    counts = [(part.ep_name, len(part.get_nodes())) for part in session.get_provider_graph_assignment_info()]
    return sum(n for name, n in counts if name == provider), sum(n for _, n in counts)


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
