#include "oneproxy/pipeline/fleet_workers.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>

namespace oneproxy {

std::vector<std::string> FleetWorkers::gather(std::size_t count, const Compute& compute, const Emit& emitted) {
  // Lengths, then bytes: what share() carries is one text.
  std::vector<std::string> results(count);
  run(0, count, compute, [&](std::size_t i, std::string_view result) {
    results[i] = result;
    if (emitted) emitted(i, result);
  });
  const std::string all = share([&] {
    std::string text;
    for (const auto& result : results) {
      const std::uint64_t size = result.size();
      text.append(reinterpret_cast<const char*>(&size), sizeof size);
      text += result;
    }
    return text;
  });
  std::size_t at = 0;
  for (auto& result : results) {
    std::uint64_t size = 0;
    assert(at + sizeof size <= all.size());
    std::memcpy(&size, all.data() + at, sizeof size);
    result = all.substr(at + sizeof size, size);
    at += sizeof size + size;
  }
  return results;
}

struct PiecePool::State {
  std::function<bool(std::size_t&)> next;
  FleetWorkers::Compute compute;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::pair<std::size_t, std::string>> results;
  std::exception_ptr error;
  std::size_t running = 0;
  bool stop = false;
  std::vector<std::thread> threads;

  void work() {
    for (;;) {
      std::size_t piece = 0;
      {
        const std::lock_guard lock(mutex);
        if (stop || !next(piece)) {
          --running;
          changed.notify_all();
          return;
        }
      }
      std::string result;
      std::exception_ptr thrown;
      try {
        result = compute(piece);
      } catch (...) {
        thrown = std::current_exception();
      }
      const std::lock_guard lock(mutex);
      if (thrown) {
        stop = true;
        if (!error) error = thrown;
      } else {
        results.emplace_back(piece, std::move(result));
      }
      changed.notify_all();
    }
  }
};

PiecePool::PiecePool(std::size_t thread_count, std::function<bool(std::size_t&)> next, FleetWorkers::Compute compute)
    : state_(std::make_unique<State>()) {
  assert(thread_count > 0);
  state_->next = std::move(next);
  state_->compute = std::move(compute);
  state_->running = thread_count;
  for (std::size_t t = 0; t < thread_count; ++t)
    state_->threads.emplace_back([state = state_.get()] { state->work(); });
}

PiecePool::~PiecePool() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  for (auto& thread : state_->threads) thread.join();
}

bool PiecePool::take(std::vector<std::pair<std::size_t, std::string>>& results, int wait_ms) {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_for(lock, std::chrono::milliseconds(wait_ms), [&] {
    return !state_->results.empty() || state_->running == 0 || state_->error != nullptr;
  });
  if (state_->error) std::rethrow_exception(state_->error);
  if (state_->results.empty()) return state_->running > 0;
  std::ranges::move(state_->results, std::back_inserter(results));
  state_->results.clear();
  return true;
}

void InOrder::add(std::size_t piece, std::string result) {
  waiting_.emplace(piece, std::move(result));
  for (auto first = waiting_.begin(); first != waiting_.end() && first->first == next_; first = waiting_.begin()) {
    emit_(next_, first->second);
    waiting_.erase(first);
    ++next_;
  }
}

void ThreadWorkers::run(std::size_t first, std::size_t end, const Compute& compute, const Emit& emit) {
  std::size_t next = first;
  PiecePool pool(
      thread_count_,
      [&next, end](std::size_t& piece) {  // called under the pool's lock
        piece = next;
        return next < end && ++next > 0;
      },
      compute);
  InOrder in_order(first, emit);
  std::vector<std::pair<std::size_t, std::string>> results;
  while (pool.take(results, 1000)) {
    for (auto& [piece, result] : results) in_order.add(piece, std::move(result));
    results.clear();
  }
}

}  // namespace oneproxy
