// A bar on standard error that says how far an upload has come.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

// Draws nothing unless standard error is a terminal, or it is told to. Clears its line at the end:
// what follows is a result, or why there is none.
class Progress {
 public:
  // For an upload of `total` bytes.
  Progress(std::uint64_t total, bool always);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Says that this many bytes have been sent, from the beginning.
  void sent(std::uint64_t bytes);

 private:
  const std::uint64_t total_;
  const bool shown_;
  std::optional<std::chrono::steady_clock::time_point> drawn_;
};
