"""The paper's method on NAS-Bench-201, with published latencies: python3 paper_on_nas_bench_201.py TABLE.csv PROXY TARGET"""

import sys

import oneproxy as op

file, proxy_name, target_name = sys.argv[1:]
space = op.Space("nas_bench_201(dataset=cifar10)")
table = op.read_published_table(file, space)
xs, target = table.architectures, table[target_name]

proxy = op.fit_linear(space, xs, table[proxy_name])  # built once, for the one proxy device
known = proxy.predict(xs)
samples = op.choose_samples(known, 50, random_state=1)  # measured on the target
estimate = op.estimate_srcc(known[samples], target[samples])
answer, why = op.decide_monotonicity(estimate)
print(f"{target_name} through {proxy_name}: {answer}, {why}")
predictor = proxy
if answer != "monotone":
    predictor = op.adapt(proxy, xs[samples], target[samples]).predictor
print(f"SRCC over all {len(xs)} architectures: {op.srcc(known, target):.3f} before, "
      f"{op.srcc(predictor.predict(xs), target):.3f} after")
