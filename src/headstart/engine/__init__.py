"""OpenVINO computes a network on this machine, up to one of its layers, in float32, bf16 or int8."""
