"""Few-shot prediction against ridge regression of scikit-learn (where it is installed) and Eqn. (3) of the paper."""

import numpy as np
import oneproxy as op

space = op.Space("nas_bench_201(dataset=cifar10)")
rng = np.random.default_rng(1)
xs = space.sample(1000, random_state=2)
costs = space.cost_features(xs)
weights = rng.normal(1, 0.5, space.feature_count)
proxy_ms = 1 + costs[:, 0] / costs[:, 0].max() * 4
target_ms = 0.5 + costs[:, 2] / costs[:, 2].max() * 3 + np.abs(space.encode(xs) @ weights) * 0.05

proxy = op.fit_linear(space, xs, proxy_ms)
samples = op.choose_samples(proxy_ms, 20, random_state=1)
rest = np.setdiff1d(np.arange(len(xs)), samples)
predictions = {
    "proxy unadapted": proxy.predict(xs),
    "Eqn. (3)": op.adapt(proxy, xs[samples], target_ms[samples]).predict(xs),
    "posterior": op.Posterior(space, [proxy]).fit(xs[samples], target_ms[samples]).predict(xs),
}
try:
    from sklearn.linear_model import RidgeCV

    features = space.encode(xs)
    ridge = RidgeCV(np.logspace(-3, 3, 13)).fit(features[samples], target_ms[samples])
    predictions["ridge regression"] = ridge.predict(features)
except ImportError:
    print("scikit-learn is not installed: no ridge regression")
for name, predicted in predictions.items():
    print(f"{name:17} SRCC {op.srcc(predicted[rest], target_ms[rest]):.3f}")
