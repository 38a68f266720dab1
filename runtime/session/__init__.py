"""onnxruntime sessions for the two graphs, and the devices they run on."""
