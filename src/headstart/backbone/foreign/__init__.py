"""Networks of others, from ONNX files and from timm, become backbones."""
