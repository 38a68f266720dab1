"""Convert untrusted pictures to images for the model, and images to PNG."""

import io

import numpy as np
from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "WEBP")  # Pillow's other decoders are not exposed to clients
JPEG_TIMES = 4  # times the pixels of other formats: a JPEG is decoded at a reduced size
MOST_SCANS = 64  # of a JPEG; progressive ones have about 10, and each scan is a pass over all pixels
MOST_CHUNKS = 4096  # of a PNG; every chunk takes time, however small, and usually has 8 KB or more
GAP = 3.0  # Pillow reduces by a whole factor first, to this many times the size

NOT_READ = f"the body is not a {', '.join(FORMATS)} that can be read"

Image.MAX_IMAGE_PIXELS = None  # `check` has a stricter limit


class BadPicture(ValueError):
    """The picture cannot be read, or is too large."""


def prepare(raw: bytes, image: dict, most_pixels: int) -> np.ndarray:
    """Convert the bytes of a picture to float32 (channels, height, width) in [0, 1].

    `image` is the key of that name in model.json.

    Raises:
        BadPicture: with a message for the client.
    """
    channels, height, width = image["shape"]
    padding = tuple(image.get("padding", [255, 255, 255]))
    picture = _read(raw, padding, max(height, width), most_pixels).convert("L" if channels == 1 else "RGB")
    if _is_inverted(_border(picture), image["background"]):
        picture = ImageOps.invert(picture)
    picture = _fit(picture, (width, height), image.get("resize", "crop"), padding)
    values = np.asarray(picture, np.float32).reshape(height, width, channels) / np.float32(255)
    return np.ascontiguousarray(values.transpose(2, 0, 1))


def _read(raw: bytes, padding: tuple[int, ...], side: int, most_pixels: int) -> Image.Image:
    """Decode a picture upright, with transparent pixels on `padding`."""
    _check_chunks(raw)
    try:
        with Image.open(io.BytesIO(raw), formats=FORMATS) as picture:
            check(picture, raw, most_pixels * (JPEG_TIMES if picture.format == "JPEG" else 1))
            picture.draft(
                None, (2 * side, 2 * side)
            )  # decodes a JPEG at a reduced size; other formats ignore it
            picture.load()
            ImageOps.exif_transpose(picture, in_place=True)
            return _flat(picture, padding)
    except BadPicture:
        raise
    except Exception as error:  # decoders raise nearly anything on bad bytes
        raise BadPicture(NOT_READ) from error


def check_header(raw: bytes, most_pixels: int) -> None:
    """Check a picture that will be decoded at its own size.

    Raises:
        BadPicture: with a message for the client.
    """
    _check_chunks(raw)
    try:
        with Image.open(io.BytesIO(raw), formats=FORMATS) as picture:
            check(picture, raw, most_pixels)
    except BadPicture:
        raise
    except Exception as error:  # decoders raise nearly anything on bad bytes
        raise BadPicture(NOT_READ) from error


def check(picture: Image.Image, raw: bytes, most: int) -> None:
    """Check the cost of decoding by the picture's header, before anything is decoded.

    Raises:
        BadPicture: with a message for the client.
    """
    if picture.width * picture.height > most:
        raise BadPicture(
            f"the picture has {picture.width} x {picture.height} pixels; "
            f"a {picture.format} may have {most / 1e6:g} million pixels"
        )
    if picture.format in ("JPEG", "MPO") and raw.count(b"\xff\xda") > MOST_SCANS:
        raise BadPicture(f"the JPEG has more than {MOST_SCANS} scans")


def _check_chunks(raw: bytes) -> None:
    if _chunks(raw) > MOST_CHUNKS:
        raise BadPicture(f"the PNG has more than {MOST_CHUNKS} chunks; save it anew")


def _chunks(raw: bytes) -> int:
    """The number of chunks of a PNG, counted up to just above the limit; 0 for other formats."""
    count, at = 0, 8 if raw.startswith(b"\x89PNG\r\n\x1a\n") else len(raw)
    while at < len(raw) and count <= MOST_CHUNKS:
        count, at = count + 1, at + 12 + int.from_bytes(raw[at : at + 4])
    return count


def _flat(picture: Image.Image, padding: tuple[int, ...]) -> Image.Image:
    if not picture.has_transparency_data:
        return picture if picture.mode in ("L", "RGB") else picture.convert("RGB")
    seen = picture if picture.mode == "RGBA" else picture.convert("RGBA")
    ground = Image.new("RGB", picture.size, padding)
    ground.paste(seen, mask=seen.getchannel("A"))
    return ground


def _border(picture: Image.Image) -> float:
    """The mean brightness of the four outermost rows and columns, in [0, 1]."""
    values = np.asarray(picture)
    return float(
        np.mean([side.mean() for side in (values[0], values[-1], values[:, 0], values[:, -1])]) / 255
    )


def _is_inverted(border: float, background: float) -> bool:
    """Whether a picture has a bright background and the model's images a dark one, or vice versa.

    Between 0.4 and 0.6 the model's images have no common background, as with photographs.
    """
    return not 0.4 <= background <= 0.6 and abs(border - background) > 0.5


def _fit(picture: Image.Image, size: tuple[int, int], how: str, padding: tuple[int, ...]) -> Image.Image:
    """Resize by `image.resize` of model.json: 'crop', 'pad' or 'fit'."""
    filtered, (across, down) = Image.Resampling.LANCZOS, picture.size
    if picture.size == size:
        return picture
    if how == "pad":
        scale = min(size[0] / across, size[1] / down)
        inner = (max(1, round(across * scale)), max(1, round(down * scale)))
        ground = Image.new("RGB", (1, 1), padding).convert(picture.mode).getpixel((0, 0))
        out = Image.new(picture.mode, size, ground)
        small = picture.resize(inner, filtered, reducing_gap=GAP)
        out.paste(small, ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2))
        return out
    box = None
    if how == "crop":  # the largest box in the middle with the model's proportions
        scale = min(across / size[0], down / size[1])
        left, top = max(0.0, (across - size[0] * scale) / 2), max(0.0, (down - size[1] * scale) / 2)
        box = (left, top, across - left, down - top)
    return picture.resize(size, filtered, box, GAP)


def to_png(images: list[np.ndarray]) -> bytes:
    """Encode float images (channels, height, width) side by side as a PNG."""
    row = (np.concatenate(images, axis=2).clip(0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0)
    out = io.BytesIO()
    Image.fromarray(row[..., 0] if row.shape[2] == 1 else row).save(out, "PNG")
    return out.getvalue()
