"""Pictures that strangers send, to what the model takes, and back to PNG."""

import io

import numpy as np
from PIL import Image, ImageOps

MOST_PIXELS = 16_000_000  # as the header declares them: nothing is decoded before
FORMATS = ("PNG", "JPEG", "WEBP")  # Pillow's other decoders are not offered to strangers


class BadPicture(ValueError):
    """It cannot be read, or is too large."""


def prepare(raw: bytes, image: dict) -> np.ndarray:
    """The bytes of a picture as float32 (channels, height, width) in [0, 1]; `image` is model.json's.

    Raises:
        BadPicture: with a message for the client.
    """
    channels, height, width = image["shape"]
    padding = tuple(image.get("padding", [255, 255, 255]))
    picture = _open(raw, padding).convert("L" if channels == 1 else "RGB")
    values = np.asarray(picture) / 255
    border = np.mean([side.mean() for side in (values[0], values[-1], values[:, 0], values[:, -1])])
    if (border > 0.5) != (image["background"] > 0.5):  # dark on bright, and the model learned the other
        picture = ImageOps.invert(picture)
    how, size, filtered = image.get("resize", "crop"), (width, height), Image.Resampling.LANCZOS
    if how == "pad":
        ground = Image.new("RGB", (1, 1), padding).convert(picture.mode).getpixel((0, 0))
        picture = ImageOps.pad(picture, size, filtered, color=ground)
    elif how == "crop":
        picture = ImageOps.fit(picture, size, filtered)
    else:
        picture = picture.resize(size, filtered)
    values = np.asarray(picture, np.float32).reshape(height, width, channels) / np.float32(255)
    return np.ascontiguousarray(values.transpose(2, 0, 1))


def _open(raw: bytes, padding: tuple[int, ...]) -> Image.Image:
    """RGBA, upright, what is transparent laid on `padding`."""
    try:
        picture = Image.open(io.BytesIO(raw), formats=FORMATS)
        if picture.width * picture.height > MOST_PIXELS:
            raise BadPicture(f"the picture has more than {MOST_PIXELS // 10**6} million pixels")
        picture = ImageOps.exif_transpose(picture).convert("RGBA")
    except BadPicture:
        raise
    except Exception as error:  # decoders raise nearly anything on bad bytes
        raise BadPicture(f"the body is no {', '.join(FORMATS)} that can be read") from error
    return Image.alpha_composite(Image.new("RGBA", picture.size, padding), picture)


def to_png(images: list[np.ndarray]) -> bytes:
    """Float images (channels, height, width) side by side."""
    row = (np.concatenate(images, axis=2).clip(0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0)
    out = io.BytesIO()
    Image.fromarray(row[..., 0] if row.shape[2] == 1 else row).save(out, "PNG")
    return out.getvalue()
