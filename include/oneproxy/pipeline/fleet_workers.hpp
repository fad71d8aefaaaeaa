#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace oneproxy {

/// Who computes the numbered pieces of a fleet's work (open: threads of one process, ranks of MPI). Every process runs
/// the same program and meets the same calls in the same order; results do not depend on who computes what.
class FleetWorkers {
 public:
  /// Bytes that piece `i` results in. Called once for each piece, from any thread of any process.
  using Compute = std::function<std::string(std::size_t i)>;
  /// Takes the result of piece `i`. Called by ascending i, from the calling thread of the process that writes.
  using Emit = std::function<void(std::size_t i, std::string_view result)>;

  virtual ~FleetWorkers() = default;
  /// Whether this process writes the files and reports progress; exactly one does.
  virtual bool writes() const = 0;
  /// Processes, and threads in each.
  virtual std::size_t process_count() const = 0;
  virtual std::size_t thread_count() const = 0;
  /// Computes the pieces first .. end - 1; returns when all have been emitted. What `compute` or `emit` throws ends it.
  virtual void run(std::size_t first, std::size_t end, const Compute& compute, const Emit& emit) = 0;
  /// The bytes of the process that writes, everywhere; `make` is called there alone.
  virtual std::string share(const std::function<std::string()>& make) = 0;

  /// The results of the pieces 0 .. count - 1, everywhere.
  std::vector<std::string> gather(std::size_t count, const Compute& compute, const Emit& emitted = {});
};

/// Threads of this process. Precondition: thread_count > 0.
class ThreadWorkers final : public FleetWorkers {
 public:
  explicit ThreadWorkers(std::size_t thread_count) : thread_count_(thread_count) {}
  bool writes() const override { return true; }
  std::size_t process_count() const override { return 1; }
  std::size_t thread_count() const override { return thread_count_; }
  void run(std::size_t first, std::size_t end, const Compute& compute, const Emit& emit) override;
  std::string share(const std::function<std::string()>& make) override { return make(); }

 private:
  std::size_t thread_count_;
};

/// Threads that compute numbered pieces while the calling thread does something else with the results.
/// Safe from any thread. The destructor waits for the pieces under way.
class PiecePool {
 public:
  /// `next` hands out the pieces: false when there are no more.
  PiecePool(std::size_t thread_count, std::function<bool(std::size_t& piece)> next, FleetWorkers::Compute compute);
  ~PiecePool();
  PiecePool(const PiecePool&) = delete;
  PiecePool& operator=(const PiecePool&) = delete;

  /// Moves the results so far to the end of `results`, waiting up to `wait_ms` for the first; rethrows what a piece
  /// threw. False when all threads have ended and nothing is left.
  bool take(std::vector<std::pair<std::size_t, std::string>>& results, int wait_ms);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Puts results in order: what is added in any order is emitted by ascending piece.
class InOrder {
 public:
  InOrder(std::size_t first, const FleetWorkers::Emit& emit) : next_(first), emit_(emit) {}
  void add(std::size_t piece, std::string result);
  /// The piece that is emitted next.
  std::size_t next() const { return next_; }

 private:
  std::size_t next_;
  const FleetWorkers::Emit& emit_;
  std::map<std::size_t, std::string> waiting_;
};

}  // namespace oneproxy
