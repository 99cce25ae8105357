"""Networks of others, from ONNX files and from timm, are converted into backbones."""
