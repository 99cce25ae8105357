"""OpenVINO runs a network: compiled for this processor up to one layer, in float32, bf16 or int8."""
