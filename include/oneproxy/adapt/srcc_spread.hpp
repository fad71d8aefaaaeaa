#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace oneproxy {

/// What estimates of one SRCC from `sample_count` random networks come out at.
struct SrccSpread {
  std::size_t sample_count = 0;
  double mean = 0;
  double deviation = 0;        ///< standard deviation of the single estimates; NaN below two
  std::size_t draw_count = 0;  ///< draws in which neither side was constant
};

/// The paper's Figs. 11(b), (c): for each of `sample_counts`, draws so many of the rows that have both values, without
/// replacement, `draw_count` times. The same on any number of threads. Precondition: equal lengths; NaN = missing.
/// A count above the number of such rows gives a row with draw_count 0 and NaN.
std::vector<SrccSpread> srcc_spread(std::span<const double> a, std::span<const double> b,
                                    std::span<const std::size_t> sample_counts, std::size_t draw_count,
                                    std::uint64_t seed, int threads = 1);

/// The values of a symmetric matrix of SRCCs above its diagonal, for the rows and columns `devices`, ascending, without
/// NaN: the empirical distribution of the paper's Fig. 5.
std::vector<double> pair_srccs(const Eigen::MatrixXd& srcc, std::span<const std::size_t> devices);

/// The devices of a table (rows networks, columns devices, NaN = missing) from the fastest to the slowest, by the
/// median over the networks of latency / median latency of that network on all devices.
std::vector<std::size_t> devices_by_speed(const Eigen::MatrixXd& latency_ms);

}  // namespace oneproxy
