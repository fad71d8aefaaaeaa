#pragma once

#include "oneproxy/pipeline/fleet_workers.hpp"

namespace oneproxy::cli {

/// The ranks of MPI_COMM_WORLD. Rank 0 writes; pieces are handed out in chunks as ranks ask for them, and rank 0
/// computes too, in a thread of its own. Only the thread that made it may call it (MPI_THREAD_FUNNELED). A rank that
/// throws must end all others (MPI_Abort).
class MpiWorkers final : public FleetWorkers {
 public:
  MpiWorkers();
  bool writes() const override { return rank_ == 0; }
  std::size_t process_count() const override { return size_; }
  std::size_t thread_count() const override { return 1; }
  void run(std::size_t first, std::size_t end, const Compute& compute, const Emit& emit) override;
  std::string share(const std::function<std::string()>& make) override;

  int rank() const { return rank_; }

 private:
  void hand_out(std::size_t first, std::size_t end, const Compute& compute, const Emit& emit);
  void work(const Compute& compute);

  int rank_ = 0;
  std::size_t size_ = 1;
};

}  // namespace oneproxy::cli
