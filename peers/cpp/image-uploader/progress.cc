#include "progress.h"

#include <unistd.h>

#include <cstddef>
#include <iomanip>
#include <iostream>
#include <string>

namespace {

// Drawing is slower than sending, and nobody reads faster than this.
constexpr std::chrono::milliseconds kEvery(100);

constexpr std::size_t kWidth = 30;

}  // namespace

Progress::Progress(std::uint64_t total, bool always)
    : total_(total), shown_(always || isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (drawn_) std::cerr << '\r' << std::string(kWidth + 8, ' ') << '\r' << std::flush;
}

void Progress::sent(std::uint64_t bytes) {
  const auto now = std::chrono::steady_clock::now();
  const bool due = !drawn_ || now - *drawn_ >= kEvery || bytes == total_;
  if (!shown_ || !due) return;
  drawn_ = now;
  const double part = total_ == 0 ? 1 : static_cast<double>(bytes) / static_cast<double>(total_);
  // Rounded down: 100 % is for all of it.
  const auto full = static_cast<std::size_t>(part * kWidth);
  const auto percent = bytes == total_ ? 100 : static_cast<int>(part * 99.999);
  std::cerr << "\r[" << std::string(full, '=') << std::string(kWidth - full, ' ') << "] "
            << std::setw(3) << percent << " %" << std::flush;
}
