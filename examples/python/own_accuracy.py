"""A search with an accuracy function of your own, and with a device of your own."""

import tempfile

import numpy as np
import oneproxy as op

space = op.Space("mobilenet_v2(resolution=32, width=0.35, classes=10, channels=3)")


def accuracy(xs):
    """From option numbers: 21 kernels, 21 expansions, 5 depths. Bigger is better here, with falling returns."""
    size = xs.sum(axis=1, dtype=float)
    return 70 + 25 * (1 - np.exp(-size / 40))


class Board(op.Device):
    description = "board(simulated)"

    def measure(self, network_space, architecture):
        """Whatever times this network; here three runs of a made-up board."""
        flops = space.cost_features(architecture)[0, 0]
        return [1e-7 * flops + 0.5 + noise for noise in (0.01, 0.02, 0.015)]


xs = space.sample(200, random_state=1)
proxy = op.fit_linear(space, xs, space.cost_features(xs)[:, 2] * 1e-6)  # a proxy that counts bytes moved
with tempfile.TemporaryDirectory() as folder:
    result = op.run(space, Board(), {"bytes": proxy}, accuracy, out=folder, samples=30, front=8, random_state=1)
for network in result["front"]:
    print(f'{network["accuracy"]:.2f} %  {network["latency_ms"]["median"]:.3f} ms  {network["architecture"]}')
