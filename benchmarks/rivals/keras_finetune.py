"""Fine-tuning the whole of MobileNetV2 in Keras, as the tutorial's second half does, from the same weights.

``keras_finetune.py N_PHOTOS SIZE_PX`` prints the median seconds of an epoch on photos of noise as JSON.
"""

from __future__ import annotations

import json
import statistics
import sys
import time

import keras
import numpy as np
import tensorflow as tf
from keras_tutorial import BATCH_SIZE, WEIGHTS, load_backbone

N_EPOCHS = 3


def main() -> None:
    """Train on noise."""
    n_photos, size_px = map(int, sys.argv[1:3])
    backbone = load_backbone(WEIGHTS, size_px)
    backbone.trainable = True
    inputs = keras.Input((size_px, size_px, 3))
    x = keras.applications.mobilenet_v2.preprocess_input(inputs)
    x = keras.layers.GlobalAveragePooling2D()(backbone(x, training=False))  # batch norms stay as pretrained
    model = keras.Model(inputs, keras.layers.Dense(2)(x))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(1e-5), loss=loss)
    pixels = np.random.default_rng(0).integers(0, 255, (n_photos, size_px, size_px, 3)).astype(np.float32)
    data = tf.data.Dataset.from_tensor_slices((pixels, np.arange(n_photos) % 2)).batch(BATCH_SIZE).cache()
    seconds = []
    for _ in range(1 + N_EPOCHS):  # the first one compiles
        began = time.perf_counter()
        model.fit(data, epochs=1, verbose=0)
        seconds.append(time.perf_counter() - began)
    print(json.dumps({"seconds": statistics.median(seconds[1:])}))


if __name__ == "__main__":
    main()
