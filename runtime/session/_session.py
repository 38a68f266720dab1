"""Start an onnxruntime session on a given execution provider, or find out what is missing for it."""

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

_LIBRARY = {CUDA: "cuda", TENSORRT: "tensorrt"}  # providers that are in separate libraries
_OPTIONS = {
    CUDA: {
        "use_tf32": "0",  # tf32 products have three correct digits
        "cudnn_conv_algo_search": "HEURISTIC",  # an exhaustive search is repeated at every new batch size
    }
}
_FIX = {
    CUDA: 'Install CUDA and cuDNN for it: pip install "onnxruntime-gpu[cuda,cudnn]".',
    TENSORRT: "Install TensorRT and put its libraries on LD_LIBRARY_PATH (PATH on Windows): "
    "https://onnxruntime.ai/docs/execution-providers/TensorRT-ExecutionProvider.html.",
}


def short(provider: str) -> str:
    """The short name of an execution provider: 'cuda' for CUDAExecutionProvider."""
    return provider.removesuffix("ExecutionProvider").lower()


def start(ort: Any, model: bytes, threads: int, arena: bool = True, patterns: bool = True) -> Any:
    """Start a session on the CPU.

    Args:
        ort: the onnxruntime module.
        model: the bytes of an .onnx file.
        threads: CPU threads for one call.
        arena: as in `create_session`.
        patterns: as in `create_session`.

    Raises:
        GraphError: onnxruntime refuses the graph.
    """
    try:
        return _session(ort, model, [CPU], threads, arena, patterns)
    except Exception as error:  # noqa: BLE001  onnxruntime raises a dozen unrelated classes
        raise GraphError(f"onnxruntime refuses the graph: {_reason(error)}. Get the bundle again.") from None


def start_on(ort: Any, model: bytes, provider: str, index: int, threads: int) -> tuple[Any, str]:
    """Start a session on another execution provider, and check that the graph really runs there.

    Args:
        ort: the onnxruntime module.
        model: the bytes of an .onnx file.
        provider: an available one, by onnxruntime's name.
        index: of the GPU, from 0.
        threads: CPU threads for one call.

    Returns:
        The session and a note ('3 of 4 operators', or '' if all operators run there), or None and the reason.
    """
    try:
        with _quiet(ort):
            if provider in _LIBRARY and hasattr(ort, "preload_dlls"):
                with contextlib.redirect_stdout(sys.stderr):  # it prints the names of missing libraries
                    ort.preload_dlls()
            session = _session(ort, model, _chain(ort, provider, index), threads)
    except Exception as error:  # noqa: BLE001  as above
        return None, _missing_library(ort, provider) or f"onnxruntime could not start it: {_reason(error)}."
    if session.get_providers()[0] != provider:
        return None, _missing_library(
            ort, provider
        ) or f"onnxruntime did not start {provider}, without a reason."
    supported, nodes = _operators(session, provider)
    if nodes and not supported:
        return None, f"{provider} can run none of this graph's operators."
    return session, f"{supported} of {nodes} operators" if supported < nodes else ""


def _chain(ort: Any, provider: str, index: int) -> list[Any]:
    """The provider, followed by those that run the operators it does not support."""
    where = {"device_id": str(index)}
    first: Any = (provider, where | _OPTIONS.get(provider, {})) if provider in _LIBRARY else provider
    if provider == TENSORRT and CUDA in ort.get_available_providers():
        return [first, (CUDA, where | _OPTIONS[CUDA]), CPU]
    return [first, CPU]


def _session(
    ort: Any,
    model: bytes,
    providers: list[Any],
    threads: int,
    arena: bool = True,
    patterns: bool = True,
) -> Any:
    options = ort.SessionOptions()
    options.enable_cpu_mem_arena = arena
    options.enable_mem_pattern = patterns
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    # spinning threads answer slightly sooner, but use whole cores while idle
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.record_ep_graph_assignment_info", str(int(len(providers) > 1)))
    options.log_severity_level = 3
    # with the fallback, onnxruntime prints to stdout and continues on another provider
    session = ort.InferenceSession(model, options, providers=providers, enable_fallback=0)
    session.disable_fallback()  # for releases without that argument
    return session


@contextlib.contextmanager
def _quiet(ort: Any) -> Iterator[None]:
    """Silence onnxruntime's own log of missing libraries; our messages name them."""
    ort.set_default_logger_severity(4)
    try:
        yield
    finally:
        ort.set_default_logger_severity(2)


def _missing_library(ort: Any, provider: str) -> str:
    """Which library is missing for `provider`, and where to get it; '' if none is."""
    if provider not in _LIBRARY:
        return ""
    start, end = ("", ".dll") if sys.platform == "win32" else ("lib", ".so")
    name = f"{start}onnxruntime_providers_{_LIBRARY[provider]}{end}"
    try:
        ctypes.CDLL(str(Path(ort.__file__).parent / "capi" / name))
    except OSError as error:
        # 'libcublasLt.so.13: cannot open shared object file: ...'; an undefined symbol is another problem
        missing = str(error).split(":")[0]
        if "undefined symbol" not in str(error):
            return f"the library {Path(missing).name} is missing or does not load. {_FIX[provider]}"
    return ""


def _operators(session: Any, provider: str) -> tuple[int, int]:
    """How many operators `provider` runs, and how many the graph has; zeros if that is not known."""
    if not hasattr(session, "get_provider_graph_assignment_info"):
        return 0, 0  # onnxruntime before 1.24
    counts = [(part.ep_name, len(part.get_nodes())) for part in session.get_provider_graph_assignment_info()]
    return sum(n for name, n in counts if name == provider), sum(n for _, n in counts)


def _reason(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
