"""The two graphs on onnxruntime, and the devices they run on."""
