#pragma once

#include <Eigen/Core>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace oneproxy {

/// Latencies on known devices: row i belongs to architecture `rows[i]`; NaN where not measured.
struct KnownLatencies {
  std::vector<std::size_t> rows;
  Eigen::MatrixXd latency_ms;  ///< rows.size() x devices
};

/// What the features of a device's latency share their prior variance by.
enum class PriorGroup {
  proxies,   ///< the known devices' predictions, all alike
  fleet,     ///< cost features and encoding, each as much as its evidence on the known devices
  costs,     ///< cost features, each by the size of its weight on the known devices
  encoding,  ///< the encoding, all entries alike
  constant,
};
constexpr std::size_t prior_group_count = 5;

/// How the columns of a matrix were standardised: to mean 0 and variance 1, constant ones left out.
struct ColumnScale {
  std::vector<Eigen::Index> kept;
  Eigen::RowVectorXd mean;       ///< of the columns kept
  Eigen::RowVectorXd deviation;  ///< of the columns kept

  /// Other rows on the same scale. Precondition: as many columns as the matrix had.
  Eigen::MatrixXd operator()(const Eigen::MatrixXd& x) const;
};

/// What is believed of a new device's latencies before it has been measured: linear in `features`, with independent
/// weights of mean 0 and variance sum_g exp(log_variance[g]) * share(j, g), for latencies of mean 0 and variance 1.
/// log_variance itself is believed to within `log_deviation`. docs/design/few_shot.md.
struct FewShotPrior {
  Eigen::MatrixXf features;  ///< architectures x features: predictions, cost features, encoding, the constant 1
  Eigen::MatrixXd share;     ///< features x prior_group_count; a group of zeros is left out
  std::array<double, prior_group_count> log_variance{};
  double log_noise = 0;  ///< logarithm of the noise variance
  double log_deviation = 2.5;
  ColumnScale predicted_scale;  ///< of the arguments of few_shot_prior()
  ColumnScale cost_scale;
  ColumnScale encoding_scale;

  /// Features of other architectures, for a prior made by few_shot_prior() and arguments of the same columns.
  Eigen::MatrixXf features_of(const Eigen::MatrixXd& predicted, const Eigen::MatrixXd& cost,
                              const Eigen::MatrixXd& encoding) const;

  bool has(PriorGroup group) const { return share.col(static_cast<Eigen::Index>(group)).any(); }
};

struct FewShotPriorOptions {
  std::size_t rows_per_device = 120;  ///< that the fleet's evidence is computed from
  double alike = 0.95;     ///< known devices whose predictions correlate more than this do not testify for each other
  std::size_t steps = 60;  ///< of the maximisation of the fleet's evidence
  std::uint64_t seed = 1;  ///< of the choice of these rows
};

/// The prior for the architectures of `cost` and `encoding` (row = architecture; either may have no columns).
/// `predicted`: architectures x known devices (zero, one or many), linear predictions in any unit.
/// `known`: what these devices measured, by which cost features and encoding are weighted; without it (no rows) the
/// predictions stand in for it. Fewer than two devices weight nothing. Columns are standardised here; constant ones are
/// ignored. Preconditions: equal numbers of rows, everything finite but `known`, whose devices are those of
/// `predicted`.
FewShotPrior few_shot_prior(const Eigen::MatrixXd& predicted, const Eigen::MatrixXd& cost,
                            const Eigen::MatrixXd& encoding, const KnownLatencies& known = {},
                            const FewShotPriorOptions& options = {});

/// The prior of Eqn. (3) with the squared 2-norm: the proxy `weights` on the encodings `x`, every weight of which may
/// move by a multiple of itself. Features are z = x w, x o w and the constant, not standardised; z and the constant
/// are as good as free.
FewShotPrior single_proxy_prior(const Eigen::MatrixXd& x, const Eigen::VectorXd& weights);

/// Latencies of every architecture on every known device, by ridge regression on cost features and encoding (strength
/// by leave-one-out error): `predicted` for few_shot_prior(). With `choices` (one-hot, one column for each option of
/// each decision), by a Gaussian process that also knows interactions of choices where that predicts a device clearly
/// better. @throws InputError for a device with fewer than 10 latencies.
Eigen::MatrixXd predict_known(const Eigen::MatrixXd& cost, const Eigen::MatrixXd& encoding, const KnownLatencies& known,
                              const Eigen::MatrixXd& choices = {});

}  // namespace oneproxy
