#pragma once

#include <Eigen/Core>
#include <vector>

#include "oneproxy/adapt/few_shot_prior.hpp"

namespace oneproxy {

/// The samples as a Gaussian process sees them: one kernel matrix for each group of the prior that has a share.
struct SampleKernels {
  std::vector<std::size_t> groups;
  std::vector<Eigen::MatrixXd> kernels;

  SampleKernels(const FewShotPrior& prior, const Eigen::MatrixXd& sample_features);
};

/// Variances of the groups and of the noise, and what they make of the samples.
struct EvidenceFit {
  Eigen::VectorXd log_variance;  ///< of SampleKernels::groups, then of the noise
  Eigen::VectorXd noise;         ///< of each sample
  double log_evidence = 0;       ///< of the latencies as given; a lower bound of it with outliers
  Eigen::MatrixXd cholesky;      ///< of the samples' covariance, lower
  Eigen::VectorXd solved;        ///< covariance^-1 y
  Eigen::VectorXd left_out;      ///< each sample as predicted from the others
  Eigen::VectorXd left_out_deviation;
};

/// `y`: latencies on their scale, mean 0 and variance 1. `rounding`: variance of each by rounding. With `outliers`
/// noise is Student's t with 4 degrees of freedom (variational: each sample's noise has a gamma posterior), else
/// normal. With `fit` the variances maximise evidence times the prior's belief in them, else they are the prior's.
EvidenceFit fit_evidence(const FewShotPrior& prior, const SampleKernels& kernels, const Eigen::VectorXd& y,
                         const Eigen::VectorXd& rounding, bool outliers, bool fit);

}  // namespace oneproxy
