// Threads that may wait for the disk.
//
// gRPC calls back on a few threads of its own, which serve every call: two on this kind of machine.
// A disk that is busy keeps a write or a sync for seconds. Two such calls on gRPC's threads, and
// nobody is answered.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

class Workers {
 public:
  Workers() = default;
  // Waits for the work that has begun.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Runs this on another thread: one that has nothing to do, or a new one, up to a bound. The work
  // must not throw.
  void run(std::function<void()> work);

 private:
  // Linux gives a thread's stack memory only where it was touched.
  static constexpr std::size_t kMost = 128;

  void work();

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  std::size_t idle_ = 0;
  bool ended_ = false;
  std::vector<std::thread> threads_;
};
