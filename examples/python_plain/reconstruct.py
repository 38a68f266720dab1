"""Use a bundle with numpy, pillow and onnxruntime only.

    python reconstruct.py BUNDLE [PICTURE]

First checks all files and the golden image. Then writes reconstruction.png (PICTURE at the model's size, and
its reconstruction) and samples.png (eight images decoded from random latents). With a model of any size it
writes reconstruction.png only: the reconstruction of PICTURE at PICTURE's own size.
"""

import base64
import hashlib
import io
import json
import os
import re
import sys
from pathlib import Path

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # before the import, or onnxruntime reports its use

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

VERSIONS = (1, 4)  # of the format
DIGEST = re.compile(rb'"digest"\s*:\s*"sha256:([0-9a-f]{64})"')


def read_bundle(folder: Path) -> tuple[dict, dict[str, bytes]]:
    """Read model.json and all files that it lists, and check them."""
    raw = (folder / "model.json").read_bytes()
    # the digest is the sha256 of these bytes with its own 64 digits replaced by zeros
    found = DIGEST.search(raw)
    blank = raw[: found.start(1)] + b"0" * 64 + raw[found.end(1) :] if found else raw
    if not found or hashlib.sha256(blank).hexdigest().encode() != found[1]:
        sys.exit("model.json was changed after the export")
    model = json.loads(raw)
    if model.get("format") != "diabolo-bundle" or model.get("format_version") not in VERSIONS:
        version, known = model.get("format_version"), " and ".join(map(str, VERSIONS))
        sys.exit(f"model.json has format_version {version}; this example reads {known}")
    if model["latent"].get("distribution") == "codebook" or "value_range" in model["image"]:
        sys.exit("model.json has a codebook or a value_range, which this example does not read")
    files = {}
    for name, entry in model["files"].items():
        if ".." in Path(name).parts or Path(name).is_absolute():
            sys.exit(f"model.json lists {name!r}, which leaves the bundle")
        files[name] = (folder / name).read_bytes()
        if len(files[name]) != entry["size"] or hashlib.sha256(files[name]).hexdigest() != entry["sha256"]:
            sys.exit(f"{name} is not the file that was exported")
    print(f"{model['name']}: digest of model.json and sha256 of {len(files)} files fit")
    return model, files


def session(graph: bytes) -> onnxruntime.InferenceSession:
    """Start a session with one thread, the fastest for small networks. Threads must not spin while idle."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def check_golden(model: dict, encode, decode) -> None:
    """Check that the graphs compute the same here as when they were exported."""

    differences = []
    golden = model["golden"]
    for each in [golden, golden["second"]] if "second" in golden else [golden]:
        shape, latent_shape = model["image"]["shape"], model["latent"]["shape"]
        if "size" in each:  # of a model of any size
            shape = [shape[0], *each["size"]]
            latent_shape = [latent_shape[0], *(side // model["latent"]["stride"] for side in each["size"])]
        image, latent, reconstruction = (
            np.frombuffer(base64.b64decode(each[name]), "<f4").reshape(1, *its_shape)
            for name, its_shape in (("image", shape), ("latent", latent_shape), ("reconstruction", shape))
        )
        differences += [encode(image) - latent, decode(latent) - reconstruction]
    worst = np.max([np.abs(each).max() for each in differences])  # the built-in max() may ignore a NaN
    tolerance = model["golden"]["tolerance"]
    allowed = tolerance.get("cpu", tolerance["default"])
    print(f"golden check: largest difference {worst:.1e}, allowed {allowed:.0e}")
    if not worst <= allowed:  # true for a NaN
        sys.exit("the graphs do not compute the same here as when they were exported")


def prepare(path: str, image: dict) -> np.ndarray:
    """Convert a picture for the model: float32 (1, channels, height, width) in [0, 1]."""
    channels, height, width = image["shape"]
    padding = tuple(image.get("padding", [255, 255, 255]))
    picture = ImageOps.exif_transpose(Image.open(path)).convert("RGBA")  # 8 bits a channel
    picture = Image.alpha_composite(Image.new("RGBA", picture.size, padding), picture)
    picture = picture.convert("L" if channels == 1 else "RGB")
    values = np.asarray(picture) / 255
    border = np.mean([side.mean() for side in (values[0], values[-1], values[:, 0], values[:, -1])])
    ground = image["background"]  # from 0.4 to 0.6 the images have none in common, as photos
    if not 0.4 <= ground <= 0.6 and abs(border - ground) > 0.5:
        picture = ImageOps.invert(picture)
    how, size = image.get("resize", "crop"), (width, height)
    if how == "pad":
        ground = Image.new("RGB", (1, 1), padding).convert(picture.mode).getpixel((0, 0))
        picture = ImageOps.pad(picture, size, Image.Resampling.LANCZOS, color=ground)
    elif how == "crop":
        picture = ImageOps.fit(picture, size, Image.Resampling.LANCZOS)
    else:
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    values = np.asarray(picture, np.float32).reshape(1, height, width, channels) / np.float32(255)
    return np.ascontiguousarray(values.transpose(0, 3, 1, 2))


def reconstruct(pixels: np.ndarray, model: dict, encode, decode, side: int = 384) -> np.ndarray:
    """Reconstruct uint8 pixels (height, width, channels) with a model of any size, in tiles of `side`."""
    multiple, radius = model["image"]["multiple"], model["image"]["receptive_radius"]
    height, width = pixels.shape[:2]
    pixels = np.pad(pixels, ((0, -height % multiple), (0, -width % multiple), (0, 0)), "edge")
    result = np.empty_like(pixels)
    margin = -(-(radius or 0) // multiple) * multiple
    step = max(pixels.shape) if radius is None else side // multiple * multiple
    for top in range(0, pixels.shape[0], step):
        for left in range(0, pixels.shape[1], step):
            up, back = max(0, top - margin), max(0, left - margin)
            part = pixels[up : top + step + margin, back : left + step + margin]
            image = decode(encode(part.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255)))[0]
            inner = image.transpose(1, 2, 0)[top - up :, left - back :][:step, :step]
            result[top : top + step, left : left + step] = (inner * 255).round()
    return result[:height, :width]


def reconstruct_photo(path: str, model: dict, encode, decode) -> None:
    """Reconstruct a picture at its own size, and write it to reconstruction.png."""
    picture = ImageOps.exif_transpose(Image.open(path)).convert(
        "L" if model["image"]["shape"][0] == 1 else "RGB"
    )
    pixels = np.asarray(picture).reshape(picture.height, picture.width, -1)
    result = reconstruct(pixels, model, encode, decode)
    Image.fromarray(result[..., 0] if result.shape[2] == 1 else result).save("reconstruction.png")
    print("wrote reconstruction.png")


def draw_latents(model: dict, files: dict[str, bytes], count: int, seed: int) -> np.ndarray:
    """Draw latents from the prior, or from a Gaussian fitted to the stored codes."""
    shape = model["latent"]["shape"]
    rng = np.random.default_rng(seed)
    normal = rng.standard_normal((count, int(np.prod(shape))))
    if model["latent"]["prior"] == "normal":
        return normal.reshape(count, *shape).astype(np.float32)
    mean = np.array(model["latent"]["mean"])
    drawn = mean + normal * model["latent"]["deviation"]
    stored = next((name for name, entry in model["files"].items() if entry["role"] == "codes"), None)
    if stored:  # with the covariance of the codes, if there are enough
        codes = np.load(io.BytesIO(files[stored]), allow_pickle=False)["codes"].reshape(-1, mean.size)
        if len(codes) > mean.size:
            # a random combination of the centred codes has exactly their covariance
            weights = rng.standard_normal((count, len(codes))) / np.sqrt(len(codes) - 1)
            drawn = mean + weights @ (codes - codes.mean(axis=0))
    drawn = np.clip(drawn, model["latent"]["minimum"], model["latent"]["maximum"])
    return drawn.reshape(count, *shape).astype(np.float32)


def save_row(images: np.ndarray, path: str) -> None:
    """Write float images (n, channels, height, width) side by side in one PNG."""
    row = np.concatenate((images.clip(0, 1) * 255).round().astype(np.uint8).transpose(0, 2, 3, 1), axis=1)
    Image.fromarray(row[..., 0] if row.shape[2] == 1 else row).save(path)
    print(f"wrote {path}")


def main() -> None:
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    model, files = read_bundle(Path(sys.argv[1]))
    encoder, decoder = session(files["encoder.onnx"]), session(files["decoder.onnx"])

    def encode(images: np.ndarray) -> np.ndarray:
        return encoder.run(["latent"], {"image": images})[0]  # a VAE also has "log_variance"

    def decode(latents: np.ndarray) -> np.ndarray:
        return decoder.run(["image"], {"latent": latents})[0]

    check_golden(model, encode, decode)
    if model["image"]["colour"] == "other":
        sys.exit("this model's images are neither grey nor RGB: use encode and decode with arrays")
    if model["image"].get("size") == "any":
        if len(sys.argv) == 3:
            reconstruct_photo(sys.argv[2], model, encode, decode)
        return
    if len(sys.argv) == 3:
        image = prepare(sys.argv[2], model["image"])
        latent = encode(image)
        reconstruction = decode(latent)
        error = float(((image - reconstruction) ** 2).mean())
        print(f"code: {latent.size} numbers for {image.size}; mean squared error {error:.4f}")
        save_row(np.concatenate([image, reconstruction]), "reconstruction.png")
    save_row(decode(draw_latents(model, files, count=8, seed=0)), "samples.png")


if __name__ == "__main__":
    try:
        main()
    except OSError as error:  # no such file, or not a picture
        sys.exit(str(error))
