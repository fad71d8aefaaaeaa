from os import PathLike
from typing import Any, Callable, Protocol, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Architectures = str | Sequence[str] | NDArray[Any]
"""Texts, or n x decisions option numbers."""
File = str | PathLike[str]
Progress = Callable[[str, int, int], bool | None] | None
"""Called with step, done, total; False stops the step."""

class InputError(ValueError): ...
class Stopped(RuntimeError): ...

class Space:
    """A search space. Immutable; safe from any thread."""

    def __init__(self, description: str) -> None: ...
    @property
    def description(self) -> str: ...
    @property
    def decisions(self) -> list[tuple[str, list[str]]]: ...
    @property
    def feature_count(self) -> int: ...
    def sample(self, count: int, random_state: int = 1) -> NDArray[np.uint8]:
        """Different architectures, uniform over the options of every decision: count x decisions."""
    def canonical(self, xs: Architectures) -> NDArray[np.uint8]:
        """The one spelling of each network."""
    def text(self, xs: Architectures) -> list[str]: ...
    def describe(self, xs: Architectures) -> list[dict[str, Any]]: ...
    def encode(self, xs: Architectures) -> NDArray[np.float32]:
        """One-hot, the constant 1 last: n x feature_count."""
    def cost_features(self, xs: Architectures) -> NDArray[np.float64]:
        """FLOPs, parameters, bytes, layers, critical path and FLOPs by kind: n x 9."""
    def write_onnx(self, x: Architectures, file: File, random_state: int = 1) -> None:
        """One network with random weights."""

class Table:
    """Numbers of architectures: latencies of devices, or accuracies. NaN: missing."""

    @property
    def space(self) -> Space: ...
    @property
    def columns(self) -> list[str]: ...
    @property
    def notes(self) -> list[tuple[str, str]]: ...
    @property
    def architectures(self) -> NDArray[np.uint8]: ...
    @property
    def values(self) -> NDArray[np.float64]: ...
    def __getitem__(self, column: str) -> NDArray[np.float64]: ...
    def __len__(self) -> int: ...

class Predictor: ...

class FilePredictor(Predictor):
    def predict(self, xs: Architectures) -> NDArray[np.float32]: ...

class LinearPredictor(Predictor):
    """Latency in ms as the sum of the weights of the active features."""

    def __init__(self, space: Space, weights_ms: ArrayLike) -> None: ...
    @property
    def space(self) -> Space: ...
    @property
    def weights_ms(self) -> NDArray[np.float64]: ...
    @property
    def held_out_srcc(self) -> float: ...
    @property
    def held_out_rmse_ms(self) -> float: ...
    def predict(self, xs: Architectures) -> NDArray[np.float64]: ...
    def save(self, file: File) -> None: ...

class HasPredict(Protocol):
    """E.g. a model of scikit-learn that was fitted to Space.encode()."""

    def predict(self, encodings: NDArray[np.float32], /) -> ArrayLike: ...

AnyPredictor = Predictor | HasPredict | Callable[[NDArray[np.uint8]], ArrayLike]

class SrccEstimate:
    @property
    def srcc(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def sample_count(self) -> int: ...
    @property
    def confidence(self) -> float: ...

class AdaptedProxy:
    """The proxy's predictor adapted to a target by Eqn. (3) of the paper."""

    @property
    def predictor(self) -> LinearPredictor: ...
    @property
    def alpha(self) -> float: ...
    @property
    def b(self) -> NDArray[np.float64]: ...
    @property
    def intercept_ms(self) -> float: ...
    @property
    def lambda_(self) -> float: ...
    @property
    def validation_srcc_before(self) -> float: ...
    @property
    def validation_srcc_after(self) -> float: ...
    def predict(self, xs: Architectures) -> NDArray[np.float64]: ...

class Posterior:
    """Few-shot latency prediction: from proxies (none, one or many) and from what every network costs."""

    def __init__(
        self, space: Space, proxies: Sequence[LinearPredictor] = (), candidates: int = 2000, random_state: int = 1
    ) -> None: ...
    def fit(self, xs: Architectures, latency_ms: ArrayLike) -> Posterior: ...
    def predict(self, xs: Architectures) -> NDArray[np.float64]:
        """Medians in ms."""
    def interval(self, xs: Architectures, probability: float = 0.9) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Between which a measured latency is expected."""
    def expected_srcc(self, random_state: int = 1) -> float:
        """SRCC that predict() is expected to have with measured latencies."""

class BuiltInDevice:
    @property
    def description(self) -> str: ...

class AnyDevice(Protocol):
    description: str
    def measure(self, space: str, architecture: str) -> ArrayLike: ...

def srcc(a: ArrayLike, b: ArrayLike) -> float: ...
def srcc_matrix(latencies: ArrayLike, threads: int = 1) -> NDArray[np.float64]: ...
def estimate_srcc(a: ArrayLike, b: ArrayLike, confidence: float = 0.95) -> SrccEstimate: ...
def decide_monotonicity(estimate: SrccEstimate, rule: str = "interval", threshold: float = 0.9) -> tuple[str, str]:
    """("monotone" | "not monotone" | "unknown", why)."""

def choose_samples(
    proxy_latency: ArrayLike, count: int, sampling: str = "stratified", random_state: int = 1
) -> NDArray[np.int64]:
    """Which candidates to measure on the target: indices."""

def adapt(
    proxy: LinearPredictor,
    xs: Architectures,
    latency_ms: ArrayLike,
    norm: str = "l2",
    intercept: bool = False,
    validation: str = "folds",
    random_state: int = 1,
) -> AdaptedProxy: ...
def select_proxy(
    predicted: ArrayLike, measured: ArrayLike, threshold: float = 0.9
) -> tuple[int, NDArray[np.float64]]: ...
def fit_linear(
    space: Space,
    xs: Architectures,
    latency_ms: ArrayLike,
    held_out_share: float = 0.2,
    random_state: int = 1,
    device: str = "",
) -> LinearPredictor: ...
def load_predictor(file: File, space: Space | None = None) -> LinearPredictor: ...
def load_accuracy(file: File, space: Space, column: str = "") -> FilePredictor: ...
def read_table(file: File, space: Space) -> Table: ...
def read_published_table(file: File, space: Space) -> Table: ...
def write_table(
    file: File, space: Space, xs: Architectures, columns: Sequence[str], values: ArrayLike
) -> None: ...
def search_front(
    space: Space,
    accuracy: AnyPredictor,
    latency: AnyPredictor,
    population: int = 0,
    generations: int = 0,
    random_state: int = 1,
    progress: Progress = None,
) -> dict[str, NDArray[Any]]:
    """The front of all latencies in one run: "architectures", "latency_ms", "accuracy". 0: the defaults."""

def search_limits(
    space: Space,
    accuracy: AnyPredictor,
    latency: AnyPredictor,
    limits_ms: Sequence[float],
    population: int = 0,
    generations: int = 0,
    random_state: int = 1,
    progress: Progress = None,
) -> dict[str, NDArray[Any]]:
    """The most accurate architecture for each limit, as search_front()."""

def pareto_front(latency: ArrayLike, accuracy: ArrayLike) -> NDArray[np.int64]: ...
def hypervolume(
    latency: ArrayLike, accuracy: ArrayLike, reference_latency: float, reference_accuracy: float
) -> float: ...
def device(description: str) -> BuiltInDevice: ...
def devices() -> list[dict[str, Any]]: ...
def measure(
    device: str | BuiltInDevice | AnyDevice,
    space: Space,
    xs: Architectures,
    budget_ms: float = 300.0,
    min_runs: int = 30,
    random_state: int = 1,
    progress: Progress = None,
) -> NDArray[np.float64]:
    """Median latency of each architecture in ms."""

def run(
    space: Space,
    target: str | BuiltInDevice | AnyDevice,
    proxies: dict[str, LinearPredictor],
    accuracy: AnyPredictor,
    out: File = "oneproxy-run",
    method: str = "posterior",
    samples: int = 50,
    front: int = 20,
    limits_ms: Sequence[float] = (),
    budget_ms: float = 300.0,
    min_runs: int = 30,
    resume: bool = False,
    random_state: int = 1,
    progress: Progress = None,
) -> dict[str, Any]:
    """The whole method on one device; returns what result.json holds, and writes it into `out`."""
