#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <vector>

#include "path_solvers.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

// The coefficients that are not zero, with their signs and the Cholesky factor of their Gram matrix.
class ActiveSet {
 public:
  ActiveSet(const Eigen::MatrixXd& z, const Eigen::VectorXd& y)
      : z_(z),
        y_(y),
        columns_(z.rows(), capacity()),
        factor_(Eigen::MatrixXd::Zero(capacity(), capacity())),
        b_(capacity()),
        sign_(capacity()),
        inside_(static_cast<std::size_t>(z.cols()), false) {}

  bool contains(Index j) const { return inside_[static_cast<std::size_t>(j)]; }
  Eigen::VectorXd residual() const { return y_ - columns_.leftCols(size_) * b_.head(size_); }
  void write(Eigen::Ref<Eigen::VectorXd> b) const {
    for (Index k = 0; k < size_; ++k) b(index_[static_cast<std::size_t>(k)]) = b_(k);
  }

  // Takes feature j in, with 0. Where its column depends on those inside, coefficients are first moved along the
  // dependence, which leaves the fit as it is and lessens ||b||_1, until one of them is zero and leaves.
  // False where j would not lessen the objective.
  bool add(Index j, double sign) {
    double value = 0;
    for (;;) {
      const double squared = z_.col(j).squaredNorm();
      const Eigen::VectorXd row = forward(columns_.leftCols(size_).transpose() * z_.col(j));
      const double pivot = squared - row.squaredNorm();
      if (size_ < capacity() && pivot > 1e-11 * squared) {
        factor_.row(size_).head(size_) = row.transpose();
        factor_(size_, size_) = std::sqrt(pivot);
        columns_.col(size_) = z_.col(j);
        b_(size_) = value;
        sign_(size_) = sign;
        index_.push_back(j);
        inside_[static_cast<std::size_t>(j)] = true;
        ++size_;
        return true;
      }
      const Eigen::VectorXd direction = -sign * backward(row);
      if (1 + direction.dot(sign_.head(size_)) >= 0) return false;
      Index leaving = -1;
      double step = 0;
      for (Index k = 0; k < size_; ++k) {
        if (direction(k) * sign_(k) >= 0) continue;
        const double crossing = -b_(k) / direction(k);
        if (leaving < 0 || crossing < step) {
          leaving = k;
          step = crossing;
        }
      }
      if (leaving < 0) return false;
      b_.head(size_) += step * direction;
      value += step * sign;
      remove(leaving);
    }
  }

  // The minimiser for the features inside, at correlation `threshold` = N lambda / 2: towards the solution for the
  // present signs, and where a coefficient would cross zero on the way it leaves there. The objective falls with every
  // step. Returns whether `newest`, just taken in at zero, left again at once (rounding errors on a tie).
  bool settle(double threshold, Index newest) {
    bool bounced = false;
    while (size_ > 0) {
      Eigen::VectorXd target = b_.head(size_) + correction(b_.head(size_), threshold);
      target += correction(target, threshold);  // one refinement
      Index leaving = -1;
      double step = 1;
      for (Index k = 0; k < size_; ++k) {
        if (target(k) * sign_(k) > 0) continue;
        const double crossing = b_(k) == 0 ? 0 : b_(k) / (b_(k) - target(k));
        if (leaving < 0 || crossing < step) {
          leaving = k;
          step = crossing;
        }
      }
      if (leaving < 0) {
        b_.head(size_) = target;
        break;
      }
      b_.head(size_) += step * (target - b_.head(size_));
      bounced = bounced || (index_[static_cast<std::size_t>(leaving)] == newest && step == 0);
      remove(leaving);
    }
    return bounced;
  }

 private:
  Index capacity() const { return std::min(z_.rows(), z_.cols()); }
  Eigen::VectorXd forward(const Eigen::VectorXd& v) const {
    return factor_.topLeftCorner(size_, size_).triangularView<Eigen::Lower>().solve(v);
  }
  Eigen::VectorXd backward(const Eigen::VectorXd& v) const {
    return factor_.topLeftCorner(size_, size_).transpose().triangularView<Eigen::Upper>().solve(v);
  }

  Eigen::VectorXd correction(const Eigen::VectorXd& b, double threshold) const {
    const Eigen::VectorXd step =
        columns_.leftCols(size_).transpose() * (y_ - columns_.leftCols(size_) * b) - threshold * sign_.head(size_);
    return backward(forward(step));
  }

  void remove(Index k) {
    inside_[static_cast<std::size_t>(index_[static_cast<std::size_t>(k)])] = false;
    index_.erase(index_.begin() + k);
    const Index rest = size_ - k - 1;
    Eigen::VectorXd spike = factor_.col(k).segment(k + 1, rest);
    const Eigen::MatrixXd left = factor_.block(k + 1, 0, rest, k);
    const Eigen::MatrixXd corner = factor_.block(k + 1, k + 1, rest, rest);
    factor_.block(k, 0, rest, k) = left;
    auto trailing = factor_.block(k, k, rest, rest);
    trailing = corner;
    for (Index i = 0; i < rest; ++i) {  // trailing trailing^T += spike spike^T
      const double diagonal = std::hypot(trailing(i, i), spike(i));
      const double cosine = diagonal / trailing(i, i);
      const double sine = spike(i) / trailing(i, i);
      trailing(i, i) = diagonal;
      auto below = trailing.col(i).tail(rest - i - 1);
      auto spike_below = spike.tail(rest - i - 1);
      below = (below + sine * spike_below) / cosine;
      spike_below = cosine * spike_below - sine * below;
    }
    for (Index i = k; i < size_ - 1; ++i) {
      columns_.col(i) = columns_.col(i + 1);
      b_(i) = b_(i + 1);
      sign_(i) = sign_(i + 1);
    }
    --size_;
  }

  const Eigen::MatrixXd& z_;
  const Eigen::VectorXd& y_;
  Eigen::MatrixXd columns_;  // of z, those inside
  Eigen::MatrixXd factor_;   // lower triangle
  Eigen::VectorXd b_;
  Eigen::VectorXd sign_;
  std::vector<bool> inside_;
  std::vector<Index> index_;
  Index size_ = 0;
};

}  // namespace

// Active-set method with the solution for the last lambda as start. A feature j outside may stay zero where
// |z_j^T (y - z b)| <= N lambda / 2; the one that violates this most is taken in, one at a time, so that the step to
// the new solution moves it in its own direction.
Eigen::MatrixXd solve_l1_path(const Eigen::MatrixXd& z, const Eigen::VectorXd& y, std::span<const double> lambdas,
                              double lambda_max) {
  Eigen::MatrixXd b = Eigen::MatrixXd::Zero(z.cols(), static_cast<Index>(lambdas.size()));
  ActiveSet active(z, y);
  const double half_count = static_cast<double>(y.size()) / 2;
  const double rounding = 1e-13 * half_count * lambda_max;
  for (std::size_t l = 0; l < lambdas.size(); ++l) {
    if (lambdas[l] >= lambda_max) continue;
    const double threshold = half_count * lambdas[l];
    std::vector<bool> refused(static_cast<std::size_t>(z.cols()), false);
    active.settle(threshold, -1);
    for (;;) {
      const Eigen::VectorXd correlation = z.transpose() * active.residual();
      Index worst = -1;
      for (Index j = 0; j < z.cols(); ++j) {
        if (active.contains(j) || refused[static_cast<std::size_t>(j)]) continue;
        if (worst < 0 || std::abs(correlation(j)) > std::abs(correlation(worst))) worst = j;
      }
      if (worst < 0 || std::abs(correlation(worst)) <= threshold + rounding) break;
      const bool taken = active.add(worst, correlation(worst) > 0 ? 1 : -1);
      if (!taken || active.settle(threshold, worst)) refused[static_cast<std::size_t>(worst)] = true;
    }
    active.write(b.col(static_cast<Index>(l)));
  }
  return b;
}

}  // namespace oneproxy
