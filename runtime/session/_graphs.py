"""A bundle's two graphs as onnxruntime sessions, checked against model.json and run in chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil, prod
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from diabolo.runtime.bundle import Bundle
from diabolo.runtime.bundle.manifest import Manifest
from diabolo.runtime.errors import GraphError, ManifestError
from diabolo.runtime.session.device import Device, create_session

__all__ = ["Graphs", "Pair", "run_bound"]

# values of the images, or of the latents if these are larger, in one call of a graph
_CHUNK_VALUES = {"cpu": 1 << 19, "cuda": 1 << 21}
_FLOAT = "tensor(float)"

_Array = NDArray[np.float32]


class Pair(Protocol):
    """What an `Autoencoder` computes with: `Graphs`, or an object that runs the graphs elsewhere."""

    device: Device

    def encode(self, batch: _Array) -> _Array:
        """Encode images `(batch, channels, height, width)` to latents `(batch, *latent_shape)`."""

    def decode(self, latents: _Array) -> _Array:
        """Decode latents `(batch, *latent_shape)` to images `(batch, channels, height, width)`."""

    def reconstruct(self, batch: _Array) -> _Array:
        """`decode(encode(batch))`."""

    def encode_whole(self, chunk: _Array) -> dict[str, _Array]:
        """All outputs of the encoder for one chunk, by name."""


class Graphs:
    """Both sessions, on one device. Threads may share them, as they may share onnxruntime's sessions.

    Args:
        bundle: an opened bundle.
        device: as in `create_session`.
        threads: CPU threads for one call.

    Attributes:
        encoder: the onnxruntime session of encoder.onnx.
        decoder: the onnxruntime session of decoder.onnx.
        device: the device that both run on.
        chunk: the most images in one call.

    Raises:
        ManifestError: a graph does not match model.json; and all that `create_session` and
            `Bundle.read_graph` raise.
    """

    def __init__(self, bundle: Bundle, device: str, threads: int) -> None:
        m = bundle.manifest
        self.device: Device
        one_size = m.any_size is None  # tiles at the edges and inside have many shapes
        read = bundle.read_graph
        self.encoder, self.device = create_session(read("encoder"), device, threads, patterns=one_size)
        # the second graph runs on the device that was chosen for the first one
        self.decoder, _ = create_session(read("decoder"), self.device.name, threads, patterns=one_size)
        _check("encoder", self.encoder, *_encoder_signature(m))
        _check("decoder", self.decoder, *_decoder_signature(m))
        self._image_shape, self._latent_shape = m.image_shape, m.latent_shape
        self._stride = m.any_size.latent_stride if m.any_size else None
        self.chunk = self._chunk(m.image_shape)

    def encode(self, batch: _Array) -> _Array:
        """Encode images `(batch, channels, height, width)` to latents `(batch, *latent_shape)`.

        Raises:
            GraphError: onnxruntime cannot compute the encoder.
        """
        run = self.encoder.run
        shape = self._latent_of(batch.shape[2:])
        return self._run("encoder", lambda chunk: run(["latent"], {"image": chunk})[0], batch, shape)

    def decode(self, latents: _Array) -> _Array:
        """Decode latents `(batch, *latent_shape)` to images `(batch, channels, height, width)`.

        Raises:
            GraphError: onnxruntime cannot compute the decoder.
        """
        run = self.decoder.run
        shape = self._image_of(latents.shape[2:])
        return self._run("decoder", lambda chunk: run(["image"], {"latent": chunk})[0], latents, shape)

    def reconstruct(self, batch: _Array) -> _Array:
        """`decode(encode(batch))`; on a GPU the latents stay in its memory.

        Raises:
            GraphError: onnxruntime cannot compute a graph.
        """
        if self.device.memory == "cpu":
            return self.decode(self.encode(batch))
        shape = batch.shape[1:] if self._stride else self._image_shape
        return self._run("pair", lambda chunk: run_bound(self, chunk), batch, shape)

    def encode_whole(self, chunk: _Array) -> dict[str, _Array]:
        """All outputs of the encoder for one chunk of images, by name, each `(batch, *latent_shape)`.

        Raises:
            GraphError: onnxruntime cannot compute the encoder.
        """
        names = [output.name for output in self.encoder.get_outputs()]
        answers = self._guarded("encoder", lambda: self.encoder.run(names, {"image": chunk}))
        for answer in answers:
            _check_shape("encoder", answer, (len(chunk), *self._latent_of(chunk.shape[2:])))
        return dict(zip(names, answers, strict=True))

    def _run(
        self, what: str, compute: Callable[[_Array], _Array], batch: _Array, shape: tuple[int, ...]
    ) -> _Array:
        def answer(chunk: _Array) -> _Array:
            result: _Array = self._guarded(what, lambda: compute(chunk))
            _check_shape(what, result, (len(chunk), *shape))
            return result

        most = self._chunk(max(shape, batch.shape[1:], key=prod)) if self._stride else self.chunk
        if 0 < len(batch) <= most:
            return answer(batch)
        cut = _cut if self.device.memory == "cpu" else _cut_padded
        chunks = [answer(chunk) for chunk in cut(batch, most)]
        return np.concatenate(chunks)[: len(batch)] if chunks else np.empty((0, *shape), np.float32)

    def _chunk(self, shape: tuple[int, ...]) -> int:
        """How many images or latents of this shape are computed at once; an image's latent may be larger."""
        values = prod(shape)
        if shape == self._image_shape:
            values = max(values, prod(self._latent_shape))
        return max(1, _CHUNK_VALUES[self.device.memory] // values)

    def _latent_of(self, sides: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the latent of an image with these sides."""
        step = self._stride
        return (self._latent_shape[0], *(side // step for side in sides)) if step else self._latent_shape

    def _image_of(self, sides: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the image of a latent with these rows and columns."""
        step = self._stride
        return (self._image_shape[0], *(side * step for side in sides)) if step else self._image_shape

    def _guarded(self, what: str, compute: Callable[[], Any]) -> Any:
        try:
            return compute()
        except Exception as error:  # noqa: BLE001  onnxruntime raises a dozen unrelated classes
            raise GraphError(
                f"onnxruntime could not compute the {what} on {self.device.name}: {error}. "
                "Try the device cpu; if that fails too, get the bundle again."
            ) from None


def _check_shape(what: str, result: _Array, shape: tuple[int, ...]) -> None:
    if result.shape != shape:
        raise GraphError(
            f"the {what} returned shape {result.shape} instead of {shape}. Get the bundle again."
        )


def run_bound(graphs: Graphs, batch: _Array, memory: str | None = None) -> _Array:
    """Encode and decode one chunk with the latents bound to the device's memory, without copying them.

    Args:
        graphs: both sessions.
        batch: images, float32 `(batch, channels, height, width)`.
        memory: onnxruntime's name of the memory that the latents stay in; the device's own by default.

    Returns:
        Images, float32 `(batch, channels, height, width)`.
    """
    first, second = graphs.encoder.io_binding(), graphs.decoder.io_binding()
    first.bind_cpu_input("image", batch)
    first.bind_output("latent", memory or graphs.device.memory, graphs.device.index)
    graphs.encoder.run_with_iobinding(first)
    second.bind_ortvalue_input("latent", first.get_outputs()[0])
    second.bind_output("image", "cpu")
    graphs.decoder.run_with_iobinding(second)
    images: _Array = second.copy_outputs_to_cpu()[0]
    return images


def _cut(batch: _Array, size: int) -> Iterator[_Array]:
    for start in range(0, len(batch), size):
        yield batch[start : start + size]


def _cut_padded(batch: _Array, most: int) -> Iterator[_Array]:
    """Chunks of equal size, the last one padded: cuDNN searches for algorithms at every new batch size."""
    size = ceil(len(batch) / ceil(len(batch) / most)) if len(batch) else 1
    for chunk in _cut(batch, size):
        missing = size - len(chunk)
        yield np.concatenate([chunk, np.repeat(chunk[-1:], missing, 0)]) if missing else chunk


_Signature = list[tuple[str, str, tuple[Any, ...]]]


def _encoder_signature(m: Manifest) -> tuple[_Signature, _Signature]:
    image, latent = _shapes(m)
    variance = [("log_variance", _FLOAT, latent)] if m.log_variance else []
    return [("image", _FLOAT, image)], [("latent", _FLOAT, latent), *variance]


def _decoder_signature(m: Manifest) -> tuple[_Signature, _Signature]:
    image, latent = _shapes(m)
    return [("latent", _FLOAT, latent)], [("image", _FLOAT, image)]


def _shapes(m: Manifest) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Of an image and of a latent in the graphs; a side that may be any is None."""
    if m.any_size is None:
        return m.image_shape, m.latent_shape
    return (m.image_shape[0], None, None), (m.latent_shape[0], None, None)


def _check(what: str, session: Any, inputs: _Signature, outputs: _Signature) -> None:
    """Refuse a graph whose inputs and outputs are not those of model.json."""
    try:
        found = [_signature(session.get_inputs()), _signature(session.get_outputs())]
    except UnicodeDecodeError as error:
        raise ManifestError(
            f"{what}.onnx is not the graph that model.json describes: {error.object[:80]!r}, the name of an "
            "input, an output or a dimension, is not UTF-8. Get the bundle again."
        ) from None
    if found != [inputs, outputs]:
        raise ManifestError(
            f"{what}.onnx is not the graph that model.json describes: it has {found}, "
            f"not {[inputs, outputs]}. Get the bundle again."
        )
    if isinstance(session.get_inputs()[0].shape[0], int):
        raise ManifestError(
            f"{what}.onnx takes batches of {session.get_inputs()[0].shape[0]} only. Export it again "
            "with a dynamic batch."
        )


def _signature(nodes: list[Any]) -> _Signature:
    return [
        (node.name, node.type, tuple(side if isinstance(side, int) else None for side in node.shape[1:]))
        for node in nodes
    ]
