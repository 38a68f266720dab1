"""Use a bundle with nothing but numpy, pillow and onnxruntime.

    python reconstruct.py BUNDLE [PICTURE]

Checks the golden image of model.json first; then reconstructs PICTURE and writes reconstruction.png.
"""

import base64
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

bundle = Path(sys.argv[1])
model = json.loads((bundle / "model.json").read_text("utf-8"))
encoder = onnxruntime.InferenceSession(bundle / "encoder.onnx", providers=["CPUExecutionProvider"])
decoder = onnxruntime.InferenceSession(bundle / "decoder.onnx", providers=["CPUExecutionProvider"])
channels, height, width = model["image"]["shape"]


def array(name: str, shape: list[int]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(model["golden"][name]), "<f4").reshape(1, *shape)


golden = array("image", model["image"]["shape"])
latent = encoder.run(["latent"], {"image": golden})[0]
image = decoder.run(["image"], {"latent": latent})[0]
worst = max(
    np.abs(latent - array("latent", model["latent"]["shape"])).max(),
    np.abs(image - array("reconstruction", model["image"]["shape"])).max(),
)
allowed = model["golden"]["tolerance"]["cpu"]
print(f"golden check: largest difference {worst:.1e}, allowed {allowed:.0e}")
if not worst <= allowed:
    sys.exit("the graphs do not compute here what they computed when they were exported")

if len(sys.argv) > 2:
    picture = Image.open(sys.argv[2]).convert("L" if channels == 1 else "RGB").resize((width, height))
    pixels = np.asarray(picture, np.float32).reshape(1, height, width, channels) / 255
    latent = encoder.run(["latent"], {"image": pixels.transpose(0, 3, 1, 2)})[0]
    image = decoder.run(["image"], {"latent": latent})[0]
    out = (image[0].transpose(1, 2, 0) * 255).round().astype(np.uint8)
    Image.fromarray(out[..., 0] if channels == 1 else out).save("reconstruction.png")
    print(f"code: {latent.size} numbers; wrote reconstruction.png")
