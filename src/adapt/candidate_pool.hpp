#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <span>
#include <vector>

#include "oneproxy/base/rng.hpp"

namespace oneproxy {

/// @throws InputError where `count` architectures are to be chosen from fewer.
void require_candidates(std::size_t count, std::size_t candidates);

/// At most 1,500 of the candidates (but `count`), at random: a covariance has a row and a column for each.
std::vector<std::size_t> random_pool(std::span<const std::size_t> candidates, std::size_t count, Rng& rng);

Eigen::MatrixXf rows_of(const Eigen::MatrixXf& x, std::span<const std::size_t> rows);

/// `count` candidates, one at a time that whose measurement takes most from the variance of all together.
/// `covariance` is theirs, `noise` the variance of a measurement.
std::vector<Eigen::Index> least_variance(Eigen::MatrixXf covariance, std::size_t count, float noise);

}  // namespace oneproxy
