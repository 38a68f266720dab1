"""Photographs at their own size: read with their metadata, processed in tiles, written in their format."""

from diabolo.runtime.image.photo._compare import photo_mse, photo_noise, photo_ssim
from diabolo.runtime.image.photo._photo import Photo
from diabolo.runtime.image.photo._process import TileModel, process_photo
from diabolo.runtime.image.photo._read import MAX_PIXELS, format_of, read_photo
from diabolo.runtime.image.photo._write import FORMATS, encode_photo, write_photo

__all__ = [
    "FORMATS",
    "MAX_PIXELS",
    "Photo",
    "TileModel",
    "encode_photo",
    "format_of",
    "photo_mse",
    "photo_noise",
    "photo_ssim",
    "process_photo",
    "read_photo",
    "write_photo",
]
