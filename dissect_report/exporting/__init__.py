"""Parts of a network as portable graphs (ONNX), for a reader's browser."""
