"""The Python module as users use it. Run by ctest with PYTHONPATH set to the built module."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest

import numpy as np
import oneproxy as op

SOURCE = pathlib.Path(os.environ["ONEPROXY_SOURCE_DIR"])
PROGRAM = os.environ["ONEPROXY_PROGRAM"]
DATA = pathlib.Path(os.environ.get("ONEPROXY_DATA", SOURCE.parent / "shared" / "data"))
SMALL = "mobilenet_v2(resolution=32, width=0.35, classes=10, channels=3)"


def command(*arguments):
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Spaces(unittest.TestCase):
    def setUp(self):
        self.space = op.Space(SMALL)

    def test_samples_are_those_of_the_command_line(self):
        texts = command("space", "--space", SMALL, "--samples", "5", "--seed", "7").split()
        self.assertEqual(self.space.text(self.space.sample(5, random_state=7)), texts)

    def test_arrays_and_texts_name_the_same_architectures(self):
        xs = self.space.sample(20, random_state=1)
        self.assertEqual(xs.dtype, np.uint8)
        self.assertEqual(xs.shape, (20, len(self.space.decisions)))
        np.testing.assert_array_equal(self.space.canonical(self.space.text(xs)), xs)
        np.testing.assert_array_equal(self.space.encode(xs), self.space.encode(self.space.text(xs)))
        np.testing.assert_array_equal(self.space.canonical(xs.astype(np.int64)), xs)

    def test_encoding_is_one_hot_with_the_constant_last(self):
        encoding = self.space.encode(self.space.sample(50))
        self.assertEqual(encoding.shape, (50, self.space.feature_count))
        self.assertTrue(((encoding == 0) | (encoding == 1)).all())
        self.assertTrue((encoding[:, -1] == 1).all())

    def test_wrong_architectures_are_named(self):
        xs = self.space.sample(3)
        xs[1, 0] = 9
        with self.assertRaisesRegex(op.InputError, "row 1.*kernel.0.*got 9"):
            self.space.encode(xs)
        with self.assertRaisesRegex(ValueError, "option numbers"):
            self.space.encode(np.zeros((2, 3)))
        with self.assertRaises(op.InputError):
            self.space.encode(["nonsense"])
        with self.assertRaisesRegex(op.InputError, "mobilenet_v2"):
            op.Space("mobilenet_v3000")

    def test_onnx_is_written(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "net.onnx"
            self.space.write_onnx(self.space.sample(1), file)
            self.assertGreater(file.stat().st_size, 1000)


class Tables(unittest.TestCase):
    def test_written_tables_come_back(self):
        space = op.Space(SMALL)
        xs = space.sample(6)
        values = np.arange(12.0).reshape(6, 2) + 1
        values[2, 1] = np.nan
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "t.csv"
            op.write_table(file, space, xs, ["phone", "board"], values)
            table = op.read_table(file, space)
            np.testing.assert_array_equal(table.architectures, xs)
            np.testing.assert_array_equal(table.values, values)
            np.testing.assert_array_equal(table["phone"], values[:, 0])
            self.assertEqual(table.columns, ["phone", "board"])
            self.assertEqual(len(table), 6)
            with self.assertRaisesRegex(op.InputError, "phone, board"):
                table["tablet"]


class Srcc(unittest.TestCase):
    def test_ties_share_their_rank(self):
        self.assertAlmostEqual(op.srcc([1, 2, 2, 3], [1, 2, 3, 4]), 0.9486832980505138)

    def test_interval_of_bonett_and_wright(self):
        rng = np.random.default_rng(3)
        a, b = rng.normal(size=(2, 40))
        estimate = op.estimate_srcc(a, a + b)
        self.assertLess(estimate.low, estimate.srcc)
        self.assertLess(estimate.srcc, estimate.high)
        self.assertEqual(op.decide_monotonicity(op.estimate_srcc(a, -a))[0], "not monotone")

    def test_matrix_is_that_of_the_pairs(self):
        values = np.random.default_rng(5).normal(size=(50, 4)).round(1)
        matrix = op.srcc_matrix(values)
        for i in range(4):
            for j in range(4):
                self.assertAlmostEqual(matrix[i, j], op.srcc(values[:, i], values[:, j]), places=12)

    def test_refuses_what_cannot_be_ranked(self):
        with self.assertRaises(op.InputError):
            op.srcc([1, 2], [1, 2, 3])
        with self.assertRaises(op.InputError):
            op.srcc([1, np.nan], [1, 2])


class Prediction(unittest.TestCase):
    def setUp(self):
        self.space = op.Space(SMALL)
        self.xs = self.space.sample(300, random_state=4)
        rng = np.random.default_rng(1)
        encoding = self.space.encode(self.xs).astype(float)
        self.weights = rng.uniform(0.5, 1.5, self.space.feature_count)
        self.proxy_ms = encoding @ self.weights
        # As Eqn. (3) has it: the target takes five times as long for the operators of the first stage.
        self.proxy = op.fit_linear(self.space, self.xs, self.proxy_ms)
        factor = np.ones(self.space.feature_count)
        factor[:36] = 5
        moved = self.proxy.weights_ms * factor
        self.target_ms = encoding @ moved
        self.target_ms += 1 - self.target_ms.min()

    def test_linear_fit_recovers_its_latencies(self):
        np.testing.assert_allclose(self.proxy.predict(self.xs), self.proxy_ms, rtol=1e-3)
        self.assertGreater(self.proxy.held_out_srcc, 0.99)
        again = op.LinearPredictor(self.space, self.proxy.weights_ms)
        np.testing.assert_array_equal(again.predict(self.xs), self.proxy.predict(self.xs))

    def test_adapts_as_the_command_line_does(self):
        samples = op.choose_samples(self.proxy_ms, 60, random_state=2)
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            self.proxy.save(folder / "proxy.json")
            op.write_table(folder / "samples.csv", self.space, self.xs[samples], ["board"],
                           self.target_ms[samples][:, None])
            command("adapt", "--space", SMALL, "--proxy", str(folder / "proxy.json"), "--samples",
                    str(folder / "samples.csv"), "--out", str(folder / "adapted.json"))
            theirs = op.load_predictor(folder / "adapted.json")
            table = op.read_table(folder / "samples.csv", self.space)
            ours = op.adapt(op.load_predictor(folder / "proxy.json"), table.architectures, table["board"])
        np.testing.assert_array_equal(ours.predictor.weights_ms, theirs.weights_ms)

    def test_adaptation_and_posterior_rank_better_than_the_proxy(self):
        samples = op.choose_samples(self.proxy_ms, 150, random_state=2)
        self.assertEqual(len(set(samples)), 150)
        rest = np.setdiff1d(np.arange(300), samples)
        before = op.srcc(self.proxy_ms[rest], self.target_ms[rest])
        adapted = op.adapt(self.proxy, self.xs[samples], self.target_ms[samples])
        self.assertGreaterEqual(adapted.validation_srcc_after, adapted.validation_srcc_before)
        self.assertGreater(op.srcc(adapted.predict(self.xs[rest]), self.target_ms[rest]), before)
        posterior = op.Posterior(self.space, [self.proxy]).fit(self.xs[samples], self.target_ms[samples])
        self.assertGreater(op.srcc(posterior.predict(self.xs[rest]), self.target_ms[rest]), before)
        low, high = posterior.interval(self.xs[rest], 0.9)
        inside = (low <= self.target_ms[rest]) & (self.target_ms[rest] <= high)
        self.assertGreater(inside.mean(), 0.75)
        with self.assertRaisesRegex(op.InputError, "fit"):
            op.Posterior(self.space).predict(self.xs)

    def test_wrong_options_are_named(self):
        with self.assertRaisesRegex(op.InputError, "'l3'"):
            op.adapt(self.proxy, self.xs, self.target_ms, norm="l3")
        with self.assertRaisesRegex(op.InputError, "one number for each of 300"):
            op.fit_linear(self.space, self.xs, self.proxy_ms[:5])

    def test_what_is_no_latency_is_refused(self):
        for wrong in (np.nan, np.inf, 0, -1):
            latency = self.target_ms.copy()
            latency[7] = wrong
            for call in (lambda: op.fit_linear(self.space, self.xs, latency),
                         lambda: op.adapt(self.proxy, self.xs, latency),
                         lambda: op.Posterior(self.space, [self.proxy]).fit(self.xs, latency)):
                with self.assertRaisesRegex(op.InputError, "row 7"):
                    call()

    def test_none_and_predictors_of_another_space_are_refused(self):
        other = op.Space(SMALL.replace("0.35", "0.5"))
        xs = other.sample(40)
        foreign = op.fit_linear(other, xs, 1 + other.cost_features(xs)[:, 0] * 1e-6)
        with self.assertRaisesRegex(op.InputError, "width=0.5"):
            op.Posterior(self.space, [foreign])
        with self.assertRaisesRegex(op.InputError, "width=0.5"):
            op.search_front(self.space, foreign, foreign)
        with self.assertRaises(TypeError):
            op.fit_linear(None, self.xs, self.proxy_ms)
        with self.assertRaises(TypeError):
            op.adapt(None, self.xs, self.target_ms)
        with self.assertRaisesRegex(op.InputError, "fractions"):
            self.proxy.predict(self.space.encode(self.xs)[:, :self.xs.shape[1]].astype(float))


class Search(unittest.TestCase):
    def setUp(self):
        self.space = op.Space(SMALL)
        xs = self.space.sample(200)
        self.latency = op.fit_linear(self.space, xs, self.space.cost_features(xs)[:, 0] * 1e-6)

    def accuracy(self, xs):
        return 60 + 30 * (1 - np.exp(-xs.sum(axis=1, dtype=float) / 30))

    def test_a_function_and_an_object_are_predictors(self):
        class Model:
            def predict(self, encodings):
                return 50 + encodings[:, :-1].sum(axis=1)

        for accuracy in (self.accuracy, Model()):
            front = op.search_front(self.space, accuracy, self.latency, population=100, generations=10)
            self.assertGreater(len(front["latency_ms"]), 3)
            self.assertTrue((np.diff(front["latency_ms"]) > 0).all())
            self.assertTrue((np.diff(front["accuracy"]) > 0).all())
            again = op.search_front(self.space, accuracy, self.latency, population=100, generations=10)
            np.testing.assert_array_equal(front["architectures"], again["architectures"])

    def test_limits_are_kept(self):
        slow = float(np.median(self.latency.predict(self.space.sample(100))))
        found = op.search_limits(self.space, self.accuracy, self.latency, [slow], population=100, generations=10)
        self.assertLessEqual(found["latency_ms"][0], slow)
        with self.assertRaisesRegex(op.InputError, "smallest|fast"):
            op.search_limits(self.space, self.accuracy, self.latency, [1e-9], population=100, generations=10)

    def test_errors_of_the_function_come_through(self):
        def broken(xs):
            raise KeyError("my own")

        with self.assertRaisesRegex(KeyError, "my own"):
            op.search_front(self.space, broken, self.latency, population=100, generations=2)
        with self.assertRaisesRegex(op.InputError, "one number for each"):
            op.search_front(self.space, lambda xs: [1.0], self.latency, population=100, generations=2)
        with self.assertRaisesRegex(op.InputError, "expected a predictor"):
            op.search_front(self.space, 3, self.latency)

    def test_progress_can_stop(self):
        with self.assertRaises(op.Stopped):
            op.search_front(self.space, self.accuracy, self.latency, population=100,
                            progress=lambda step, done, total: done < 3)

    def test_python_runs_beside_a_search(self):
        counted = []
        thread = threading.Thread(target=lambda: counted.extend(range(1000)))
        op.search_front(self.space, self.accuracy, self.latency, population=200, generations=5,
                        progress=lambda step, done, total: thread.start() if done == 1 else None)
        thread.join()
        self.assertEqual(len(counted), 1000)

    def test_pareto_and_hypervolume(self):
        latency, accuracy = [1.0, 2.0, 2.5, 3.0], [50.0, 60.0, 55.0, 70.0]
        np.testing.assert_array_equal(op.pareto_front(latency, accuracy), [0, 1, 3])
        self.assertAlmostEqual(op.hypervolume(latency, accuracy, 4, 40), 10 * 1 + 20 * 1 + 30 * 1)


class Board(op.Device):
    description = "board(test)"

    def __init__(self):
        self.space = op.Space(SMALL)
        self.measured = []

    def measure(self, space, architecture):
        self.measured.append(architecture)
        base = 1e-6 * self.space.cost_features(architecture)[0, 2]
        return [base, base * 1.01, base * 0.99]


class Devices(unittest.TestCase):
    def test_built_in_and_own_devices_measure(self):
        space = op.Space(SMALL)
        xs = space.sample(4)
        real = op.measure("onednn(threads=1)", space, xs, budget_ms=20, min_runs=5)
        self.assertTrue((real > 0).all())
        board = Board()
        own = op.measure(board, space, xs)
        self.assertEqual(board.measured, space.text(xs))
        np.testing.assert_allclose(own, 1e-6 * space.cost_features(xs)[:, 2], rtol=1e-6)
        self.assertIn("onednn", [kind["name"] for kind in op.devices()])
        with self.assertRaises(op.InputError):
            op.device("no_such_engine")

    def test_a_run_on_a_device_of_ones_own_goes_on_where_it_was(self):
        space = op.Space(SMALL)
        xs = space.sample(200)
        proxy = op.fit_linear(space, xs, space.cost_features(xs)[:, 0] * 1e-6)
        arguments = dict(proxies={"flops": proxy}, accuracy=lambda a: 60 + a.sum(axis=1, dtype=float) * 0.2,
                         samples=25, front=6)
        with tempfile.TemporaryDirectory() as folder:
            result = op.run(space, Board(), out=folder, **arguments)
            self.assertGreaterEqual(len(result["front"]), 3)
            with open(pathlib.Path(folder) / "result.json") as file:
                self.assertEqual(json.load(file)["front"], result["front"])
            again = Board()
            resumed = op.run(space, again, out=folder, resume=True, **arguments)
            self.assertEqual(again.measured, [])
            self.assertEqual(resumed["front"], result["front"])
            with self.assertRaisesRegex(op.InputError, "seed"):
                op.run(space, Board(), out=folder, resume=True, random_state=2, **arguments)


class Examples(unittest.TestCase):
    def run_example(self, name, *arguments):
        done = subprocess.run([sys.executable, SOURCE / "examples" / "python" / name, *arguments], capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_few_shot(self):
        self.assertIn("posterior", self.run_example("few_shot.py"))

    def test_own_accuracy(self):
        self.assertGreaterEqual(self.run_example("own_accuracy.py").count(" ms "), 3)

    def test_paper_on_nas_bench_201(self):
        table = DATA / "nasbench201" / "oneproxy_latency_ms.csv"
        if not table.exists():
            self.skipTest(f"needs {table} (ONEPROXY_DATA)")
        said = self.run_example("paper_on_nas_bench_201.py", table, "true_vpu", "rice_fpga")
        before, after = (float(said.split(word)[0].split()[-1]) for word in (" before", " after"))
        self.assertGreater(after, max(before, 0.95))


if __name__ == "__main__":
    unittest.main(verbosity=2)
