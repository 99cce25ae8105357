"""Floor 2: the pretrained network, its spec, its weights, and the engine that runs it."""
