"""A model.json, a graph or codes that somebody made to hurt: refused with the value and its bound."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _hostile import Document, contents, npy, npz, packed, sealed
from _pair import save_pair

from diabolo.runtime import Autoencoder, Bundle, verify
from diabolo.runtime.bundle import manifest
from diabolo.runtime.bundle._arrays import read_arrays
from diabolo.runtime.bundle.limits import LOCAL, STRANGERS
from diabolo.runtime.errors import BundleError, IntegrityError, ManifestError

MB = 1 << 20


def put(*keys: str | int, value: Any) -> Callable[[Document], None]:
    """A change of one value of a model.json."""

    def change(document: Document) -> None:
        at: Any = document
        for key in keys[:-1]:
            at = at[key]
        at[keys[-1]] = value

    return change


def nested(depth: int) -> Any:
    inner: Any = 1
    for _ in range(depth):
        inner = [inner]
    return inner


# a change of model.json, and what is said of it
WRONG: dict[str, tuple[Callable[[Document], None], str]] = {
    "classes": (
        put("dataset", "classes", value=["c"] * 10_001),
        "model.json has 10,001 classes; 10,000 are allowed",
    ),
    "more classes": (put("dataset", "classes", value=["c"] * 100_001), "at most 100,000 items, has 100,001"),
    "class": (put("dataset", "classes", value=["c", "d" * 256]), r"classes\[1\] may have at most 255 char"),
    "number as class": (put("dataset", "classes", value=["c", 7]), r"classes\[1\] must be string, not 7"),
    "dimensions": (put("latent", "shape", value=[1] * 70), "shape may have at most 16 items, has 70"),
    "overflow": (
        put("latent", "shape", value=[16777216] * 16),
        "mean has 32 values, its shape .* needs 3940",
    ),
    "image": (
        put("image", value={"shape": [65536] * 3, "range": [0, 1], "colour": "other", "background": 0}),
        r"image has 256 bytes, .*65536.* needs 1125899906842624",
    ),
    "channels": (put("image", "colour", value="rgb"), "images of 1 channels cannot be 'rgb', which has 3"),
    "name": (put("name", value="n" * 300), "name may have at most 255 characters, has 300"),
    "escape": (put("name", value="a\x1b[2Jb"), "name must match"),
    "line break": (put("dataset", "name", value="a\n"), "dataset: name must match"),
    "summary": (put("summary", value="s" * 20_000), "summary may have at most 10,000 characters, has 20,000"),
    "licence": (put("dataset", "licence", value=["MIT"]), r"licence must be string, not \['MIT'\]"),
    "keys": (
        lambda document: document.update({f"key {number}": 0 for number in range(300)}),
        "model.json may have at most 256 keys, has 3",
    ),
    "key": (put("k" * 300, value=0), "the name 'kkk.* may have at most 255 characters, has 300"),
    "nesting": (put("new", value=nested(33)), "nests more than 32 lists and objects inside each other"),
    "values": (put("new", value=[0] * 500_001), r"model.json has 500,\d+ values; 500,000 are allowed"),
    "digits": (put("new", value=10**20), "the number 1000.* has 21 digits; 20 are allowed"),
    "metric": (put("metrics", "mse", value=1e39), r"mse must be at most 1e\+38, not 1e\+39"),
    "metrics": (put("metrics", value=[1]), r"metrics must be object, not \[1\]"),
    "its name": (put("metrics", "m" * 256, value=1), "may have at most 255 characters, has 256"),
    "exported": (put("exported", value={"graphs": {"mse": "<b>"}}), "graphs: mse must be number, not '<b>'"),
    "training": (put("training", value=[]), r"training must be object, not \[\]"),
    "epochs": (
        put("training", value={"settings": {"epochs": "1"}}),
        "epochs must be integer or null, not '1'",
    ),
    "seed": (put("training", value={"seed": 1e300}), "seed must be at most 18446744073709551615, not 1e.300"),
    "options": (
        put("training", value={"settings": {"variant_options": [1]}}),
        r"variant_options must be object or null, not \[1\]",
    ),
    "option": (
        put("training", value={"settings": {"variant_options": {"a": {}}}}),
        "variant_options: a must be string or number or boolean or null or array",
    ),
    "parity": (put("parity", "max_abs_difference", "image", value=1e39), "image must be at most 1e.38"),
    "opset": (put("graphs", "opset", value=1e15), "opset must be at most 2147483647"),
    "onnxruntime": (put("graphs", "onnxruntime", value=1.2), "onnxruntime must be string, not 1.2"),
    "noise": (put("noise", value={"kind": "gaussian", "level": [2, 1]}), "noise level 2 to 1 is not a range"),
    "range": (
        put("latent", "minimum", 3, value=5),
        "latent value 3 has the minimum 5, above its maximum 4.0",
    ),
    "mean": (put("latent", "mean", 3, value=1e39), r"mean\[3\] must be at most 1e\+38, not 1e\+39"),
    "text as mean": (put("latent", "mean", 3, value="1"), r"mean\[3\] must be number, not '1'"),
    "tolerance": (put("golden", "tolerance", "default", value=1e9), "default must be at most 1000"),
    "file": (
        put("files", "f" * 256, value={"role": "other", "sha256": "0" * 64, "size": 1}),
        "files: the name 'ff.* may have at most 255 characters, has 256",
    ),
    "size": (put("files", "encoder.onnx", "size", value=1 << 40), "size must be at most 2147483648"),
    "sizes": (
        put("files", "encoder.onnx", "size", value=1 << 30),
        "files of 1,073,.* bytes together; 536,870,912",
    ),
    "files": (
        lambda document: document["files"].update({str(number): {} for number in range(1025)}),
        "files may have at most 1,024 keys, has 1,027",
    ),
}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    return contents(save_pair(tmp_path / "pair"))


@pytest.mark.parametrize("kind", WRONG)
def test_a_model_json_is_used_only_as_its_schema_says(
    tmp_path: Path, files: dict[str, bytes], kind: str
) -> None:
    change, words = WRONG[kind]
    path = packed(tmp_path / "a.zip", sealed(files, change))
    with pytest.raises(ManifestError, match=words) as told:
        Bundle.open(path, limits=STRANGERS)
    assert len(str(told.value)) < 800
    assert [check.ok for check in verify(path, device="cpu", limits=STRANGERS)] == [False]


def test_what_is_wrong_a_million_times_is_told_once(tmp_path: Path, files: dict[str, bytes]) -> None:
    many = sealed(files, put("dataset", "classes", value=[0] * 100_000))
    with pytest.raises(ManifestError, match=r"classes\[2\] must be string, not 0 \(and more\)"):
        manifest.parse(many["model.json"])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b'"mse": 0.01', b'"mse": 1e999', "the number 1e999 is too large"),
        (b'"mse": 0.01', b'"mse": NaN', "NaN is not a JSON number"),
        (b'"mse": 0.01', b'"mse": ' + b"9" * 9000, "the number 9.* has 9,000 digits; 20 are allowed"),
        (b'"by-hand"', b'"\\ud800"', "surrogates not allowed"),
        (b'"by-hand"', b'"\xed\xa0\x80"', "not valid JSON"),
        (b'"by-hand"', b'"\xff"', "not valid JSON"),
        (b'"mse": 0.01', b'"mse": ' + b"[" * 400_000, "not valid JSON|nests more"),
    ],
)
def test_numbers_and_texts_that_nobody_can_take_are_refused(
    files: dict[str, bytes], old: bytes, new: bytes, words: str
) -> None:
    assert old in files["model.json"]
    raw = files["model.json"].replace(old, new)
    with pytest.raises(ManifestError, match=words):
        manifest.parse(raw, STRANGERS)


def test_a_digest_is_the_document_s_own(files: dict[str, bytes]) -> None:
    """The first one in the file counts, so another must not stand in its place."""
    document = json.loads(files["model.json"])
    other = "sha256:" + "a" * 64
    first = {"old": {"digest": "sha256:" + "0" * 64}} | document | {"digest": other}
    blank = json.dumps(first).encode()
    digits = hashlib.sha256(blank).hexdigest().encode()
    with pytest.raises(IntegrityError, match="digest does not fit"):
        manifest.parse(blank.replace(b"0" * 64, digits, 1))


def test_a_large_model_json_that_means_well_is_taken(files: dict[str, bytes]) -> None:
    """256 x 256 in colour, a latent of 4 x 32 x 32 and sums; locally, 1,000 classes and 512 x 512 as well."""
    from _pair import _document

    for side, latent, limits, least in ((256, 32, STRANGERS, 2), (512, 64, LOCAL, 8)):
        document = _document((3, side, side), (4, latent, latent))
        document["dataset"]["classes"] = [f"class {number}" for number in range(1000)]
        document["latent"]["mean"] = np.random.default_rng(0).random(4 * latent * latent).tolist()
        golden = document["golden"]
        golden["sums"] = {
            name: {"sum": golden[name], "tolerance": {"default": 1}} for name in ("latent", "image")
        }
        document["files"] = json.loads(files["model.json"])["files"]
        raw = manifest.seal(document)
        assert len(raw) > least * MB
        parsed = manifest.parse(raw, limits)
        assert parsed.golden.image.shape == (1, 3, side, side)
        assert len(parsed.classes) == 1000


FLOATS = "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }"


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({f"a{number}": b"" for number in range(17)}, "it has 17 entries; 16 are allowed"),
        ({"codes": np.zeros(5_000_000, np.float32)}, r"'codes.npy' from 19,\d+ bytes to 20,000,128"),
        ({"codes": npy(FLOATS % "(100000000000, 6)")}, r"shape \(100000000000, 6\)"),
        ({"codes": npy(FLOATS % f"({'9' * 5000},)")}, "is not an array of plain numbers|digits"),
        ({"codes": npy(FLOATS % "(-1, 0)")}, r"is not an array of plain numbers: its header is .*\(-1, 0\)"),
        ({"codes": npy(FLOATS % f"({'1, ' * 70})", bytes(4))}, "has 70 dimensions; 32 are allowed"),
        ({"codes": npy(FLOATS % "(1L,)", bytes(4))}, "is not an array of plain numbers"),
        ({"codes": npy(FLOATS.replace("<f4", "|O") % "(1,)", bytes(8))}, "not an array of plain numbers"),
        ({"codes": npy(FLOATS.replace("<f4", "<f7") % "(1,)", bytes(7))}, "the unknown type '<f7'"),
        (
            {"codes": npy("{'descr': [('a', '<f4')], 'shape': (1,)}", bytes(4))},
            "not an array of plain numbers",
        ),
        ({"codes": npy("(" * 9000)}, "not an array of plain numbers"),
        ({"codes": npy("{'x': 1()}" + " " * 20_000)}, "a header of 20,011 bytes; 10,000 are allowed"),
        ({"codes": b"no array"}, r"'codes\.npy' is not an \.npy"),
    ],
)
def test_arrays_are_bounded_before_they_are_made(tmp_path: Path, arrays: dict[str, Any], words: str) -> None:
    raw = npz(tmp_path / "a.npz", arrays)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=words):
            read_arrays(raw, STRANGERS)
        assert tracemalloc.get_traced_memory()[1] < MB
    finally:
        tracemalloc.stop()


def test_plain_arrays_are_read_as_numpy_reads_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    made: dict[str, Any] = {
        "float": rng.random((3, 4, 5)),
        "fortran": np.asfortranarray(rng.random((3, 4))),
        "big": rng.random((2, 3)).astype(">f4"),
        "half": rng.random(7).astype(np.float16),
        "whole": rng.integers(0, 9, (4,)),
        "single": np.array(3.5),
        "none": np.zeros((0, 3), np.uint8),
    }
    np.savez_compressed(tmp_path / "a.npz", **made)
    found = read_arrays((tmp_path / "a.npz").read_bytes(), STRANGERS)
    assert found.keys() == made.keys()
    for name, array in made.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


CODES = np.zeros((6, 2, 4, 4), np.float32)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"labels": np.zeros(6, np.int64)}, "codes.npz holds no codes; this model's have the shape"),
        ({"codes": np.float32(1)}, r"codes of shape \(\); this model's have the shape \(n, 2, 4, 4\)"),
        ({"codes": np.zeros((20_001, 2, 4, 4), np.uint8)}, "holds 20,001 codes; 20,000 are allowed"),
        (
            {"codes": CODES, "training": np.zeros((20_001, 2, 4, 4), np.uint8), "distances": np.arange(3)},
            "20,001 t",
        ),
        ({"codes": CODES[:0]}, r"codes of shape \(0, 2, 4, 4\)"),
        ({"codes": CODES + np.float32(np.nan)}, "codes up to nan; at most 1e.15 is allowed"),
        ({"codes": CODES.astype(np.float64) + 1e300}, r"codes up to 1e\+300; at most 1e.15"),
        (
            {"codes": CODES, "labels": np.zeros(5, np.int64)},
            r"labels of shape \(5,\) .*there are 6 codes and 1",
        ),
        (
            {"codes": CODES, "labels": np.full(6, 2**64 - 1, np.uint64)},
            "invalid labels .* type uint64: there",
        ),
        ({"codes": CODES, "labels": np.zeros(6)}, "invalid labels .* type float64: there"),
        (
            {"codes": CODES, "training": np.float32(1), "distances": np.float32(1)},
            r"training codes of shape \(\)",
        ),
        (
            {"codes": CODES, "training": CODES[:4], "distances": np.arange(3.0)},
            "at least 5 of this model's codes",
        ),
        (
            {"codes": CODES, "training": CODES, "distances": np.arange(3.0)[::-1]},
            "distances that are not in ascending order",
        ),
        ({"codes": CODES, "training": CODES, "distances": np.array([1, np.inf])}, "distances up to inf"),
    ],
)
def test_codes_must_be_of_this_model(
    tmp_path: Path, files: dict[str, bytes], arrays: dict[str, Any], words: str
) -> None:
    brought = files | {"codes.npz": npz(tmp_path / "a.npz", arrays)}
    path = packed(tmp_path / "a.zip", sealed(brought, lambda d: d["files"]["codes.npz"].update(role="codes")))
    model = Autoencoder(Bundle.open(path, limits=STRANGERS), device="cpu")
    with pytest.raises(BundleError, match=words):
        _ = (model.codes, model.density)
