#include "mpi_workers.hpp"

#include <mpi.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <thread>

namespace oneproxy::cli {
namespace {

enum Tag : int { kResults = 1, kChunk };

/// Pieces first .. end - 1; none left where they are equal.
using Chunk = std::array<std::uint64_t, 2>;

/// Hands out chunks: large while much is left, small at the end, so that nobody waits long for the last one.
class Queue {
 public:
  Queue(std::size_t first, std::size_t end, std::size_t takers) : next_(first), end_(end), takers_(takers) {}
  Chunk take(std::size_t most) {
    const std::lock_guard lock(mutex_);
    const std::size_t left = end_ - next_;
    const std::size_t count = std::min(left, std::clamp<std::size_t>(left / (8 * takers_), 1, most));
    next_ += count;
    return {next_ - count, next_};
  }

 private:
  std::mutex mutex_;
  std::size_t next_;
  std::size_t end_;
  std::size_t takers_;
};

}  // namespace

MpiWorkers::MpiWorkers() {
  int size = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  size_ = static_cast<std::size_t>(size);
}

void MpiWorkers::run(std::size_t first, std::size_t end, const Compute& compute, const Emit& emit) {
  if (rank_ == 0) {
    hand_out(first, end, compute, emit);
  } else {
    work(compute);
  }
}

void MpiWorkers::hand_out(std::size_t first, std::size_t end, const Compute& compute, const Emit& emit) {
  Queue queue(first, end, size_);
  PiecePool own(
      1,
      [&queue](std::size_t& piece) {
        const Chunk chunk = queue.take(1);
        piece = chunk[0];
        return chunk[0] < chunk[1];
      },
      compute);
  InOrder in_order(first, emit);
  std::vector<std::pair<std::size_t, std::string>> results;
  std::size_t busy = size_ - 1;  // ranks that have not been told that nothing is left
  for (bool own_busy = true; own_busy || busy > 0;) {
    MPI_Status status;
    int there = 0;
    MPI_Iprobe(MPI_ANY_SOURCE, kResults, MPI_COMM_WORLD, &there, &status);
    if (there != 0) {
      int bytes = 0;
      MPI_Get_count(&status, MPI_BYTE, &bytes);
      std::string message(static_cast<std::size_t>(bytes), '\0');
      MPI_Recv(message.data(), bytes, MPI_BYTE, status.MPI_SOURCE, kResults, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      // The next chunk goes out before these results are looked at.
      const Chunk chunk = queue.take(64);
      MPI_Send(chunk.data(), 2, MPI_UINT64_T, status.MPI_SOURCE, kChunk, MPI_COMM_WORLD);
      busy -= chunk[0] == chunk[1] ? 1 : 0;
      for (std::size_t at = 0; at < message.size();) {
        std::array<std::uint64_t, 2> head;  // piece, size
        std::memcpy(head.data(), message.data() + at, sizeof head);
        in_order.add(head[0], message.substr(at + sizeof head, head[1]));
        at += sizeof head + head[1];
      }
      continue;
    }
    // Nobody asks: waits for the own thread's next result, a millisecond at most.
    if (own_busy) {
      own_busy = own.take(results, 1);
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    for (auto& [piece, result] : results) in_order.add(piece, std::move(result));
    results.clear();
  }
}

void MpiWorkers::work(const Compute& compute) {
  std::string message;
  for (;;) {
    MPI_Send(message.data(), static_cast<int>(message.size()), MPI_BYTE, 0, kResults, MPI_COMM_WORLD);
    message.clear();
    Chunk chunk{};
    MPI_Recv(chunk.data(), 2, MPI_UINT64_T, 0, kChunk, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (chunk[0] == chunk[1]) return;
    for (std::uint64_t piece = chunk[0]; piece < chunk[1]; ++piece) {
      const std::string result = compute(piece);
      const std::array<std::uint64_t, 2> head{piece, result.size()};
      message.append(reinterpret_cast<const char*>(head.data()), sizeof head);
      message += result;
    }
  }
}

std::string MpiWorkers::share(const std::function<std::string()>& make) {
  std::string bytes;
  std::uint64_t size = 0;
  if (rank_ == 0) {
    bytes = make();
    size = bytes.size();
  }
  MPI_Bcast(&size, 1, MPI_UINT64_T, 0, MPI_COMM_WORLD);
  bytes.resize(size);
  constexpr std::size_t most = std::size_t{1} << 30;  // MPI counts in int
  for (std::size_t at = 0; at < bytes.size(); at += most) {
    MPI_Bcast(bytes.data() + at, static_cast<int>(std::min(most, bytes.size() - at)), MPI_BYTE, 0, MPI_COMM_WORLD);
  }
  return bytes;
}

}  // namespace oneproxy::cli
