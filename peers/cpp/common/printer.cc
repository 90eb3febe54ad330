#include "common/printer.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <utility>

namespace {

// How many bytes may wait to be written, not counting the last line.
constexpr std::size_t kAhead = 64 * 1024;

// Answers 0, or the error.
int write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

}  // namespace

Printer::Printer(std::function<void()> broken) : broken_(std::move(broken)) {
  // A write that nobody reads is to fail, and not to end the process.
  std::signal(SIGPIPE, SIG_IGN);
  writer_ = std::thread([this] { write_lines(); });
}

Printer::~Printer() { end(); }

// ANCHOR: print
void Printer::print(std::string_view line) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return lines_.size() < kAhead || error_ != 0; });
  if (error_ != 0) return;
  lines_ += line;
  lines_ += '\n';
  changed_.notify_all();
}

void Printer::write_lines() {
  std::string lines;
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return !lines_.empty() || ended_; });
    if (lines_.empty()) return;
    lines.clear();
    lines.swap(lines_);
    changed_.notify_all();
    lock.unlock();
    const int error = write_all(lines);
    lock.lock();
    if (error != 0) {
      error_ = error;
      changed_.notify_all();
      lock.unlock();
      return broken_();
    }
  }
}
// ANCHOR_END: print

Outcome Printer::finish() {
  end();
  if (error_ == 0 || error_ == EPIPE) return {};
  return std::unexpected(
      Failure{1, std::string("cannot write the output: ") + std::strerror(error_)});
}

bool Printer::is_broken() {
  const std::lock_guard lock(mutex_);
  return error_ != 0;
}

void Printer::end() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  if (writer_.joinable()) writer_.join();
}
