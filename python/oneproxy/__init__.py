"""Finds the neural networks worth deploying on a device, from a few dozen measurements there.

Architectures are arrays of option numbers (n x decisions, uint8) or lists of texts. Latencies are milliseconds for one
image, accuracies percent. Seeds are called random_state and give the same results as the command line's --seed.
What the caller can mend raises InputError (a ValueError) with one line that says what was expected.
"""

from ._core import (
    AdaptedProxy,
    InputError,
    LinearPredictor,
    Posterior,
    Space,
    SrccEstimate,
    Stopped,
    Table,
    adapt,
    choose_samples,
    decide_monotonicity,
    device,
    devices,
    estimate_srcc,
    fit_linear,
    hypervolume,
    load_accuracy,
    load_predictor,
    measure,
    pareto_front,
    read_published_table,
    read_table,
    run,
    search_front,
    search_limits,
    select_proxy,
    srcc,
    srcc_matrix,
    write_table,
)


class Device:
    """A device of your own: set description, and override measure().

    Works wherever a device does, e.g. run(target=MyDevice()). description says all that changes what is measured, since
    a run is only continued on a device of the same description.
    """

    description = "python device"

    def measure(self, space: str, architecture: str) -> list[float]:
        """The timed runs of one network, in ms: at least one, all > 0."""
        raise NotImplementedError


def table_frame(table):
    """A Table as a pandas DataFrame: architectures as texts are the index, the columns are the devices."""
    import pandas

    return pandas.DataFrame(table.values, index=table.space.text(table.architectures), columns=table.columns)


__all__ = [name for name in dir() if not name.startswith("_")]
