#include "terminal.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <string_view>
#include <system_error>
#include <utility>

#include "common/text.h"

namespace {

// What the contract allows a text to have, in bytes.
constexpr std::size_t kLongest = 65'536;
// What is piped in is to wait in the pipe, and not here: a line and its end of two bytes, "\r\n".
constexpr std::size_t kBuffer = kLongest + 2;

}  // namespace

Typed::Typed() : stopped_(eventfd(0, EFD_CLOEXEC)) {
  if (stopped_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Typed::~Typed() { close(stopped_); }

void Typed::stop() {
  const std::uint64_t one = 1;
  // It can only fail if it is full, and then it can be read from.
  [[maybe_unused]] const ssize_t written = write(stopped_, &one, sizeof one);
}

std::optional<std::string> Typed::next() {
  while (auto line = next_line()) {
    // A proto3 string is UTF-8, and a pipe may bring anything.
    std::string text = to_utf8(*line);
    if (text.size() > kLongest) {
      std::cerr << "chat: a line of more than " << kLongest << " bytes was not sent" << std::endl;
    } else if (!text.empty()) {
      return text;
    }
  }
  return std::nullopt;
}

// Of a line that is too long it gives the first part, which is too long as well.
std::optional<std::string> Typed::next_line() {
  std::optional<std::string> too_long;
  for (;;) {
    const std::string_view rest = std::string_view(buffer_).substr(begin_);
    const std::size_t end = rest.find('\n');
    if (end != std::string_view::npos) {
      std::string_view line = rest.substr(0, end);
      begin_ += end + 1;
      if (too_long) return too_long;
      if (line.ends_with('\r')) line.remove_suffix(1);
      return std::string(line);
    }
    if (rest.size() == kBuffer) {
      if (!too_long) too_long = std::string(rest);
      begin_ = buffer_.size();
    }
    if (!read_more()) {
      if (too_long) return too_long;
      // The end of input may end a line, too.
      std::string last = buffer_.substr(begin_);
      begin_ = buffer_.size();
      return last.empty() ? std::nullopt : std::optional(std::move(last));
    }
  }
}

bool Typed::read_more() {
  if (ended_) return false;
  buffer_.erase(0, std::exchange(begin_, 0));
  std::array<pollfd, 2> ready{{{STDIN_FILENO, POLLIN, 0}, {stopped_, POLLIN, 0}}};
  for (;;) {
    if (poll(ready.data(), ready.size(), /*timeout=*/-1) >= 0) {
      ended_ = ready[1].revents != 0;
      if (ended_) {
        buffer_.clear();
        return false;
      }
      const std::size_t before = buffer_.size();
      buffer_.resize(kBuffer);
      const ssize_t length = read(STDIN_FILENO, buffer_.data() + before, kBuffer - before);
      buffer_.resize(before + static_cast<std::size_t>(length > 0 ? length : 0));
      if (length > 0) return true;
      ended_ = length == 0;
      if (ended_) return false;
    }
    if (errno != EINTR) {
      std::cerr << "chat: cannot read standard input: " << std::strerror(errno) << std::endl;
      ended_ = true;
      return false;
    }
  }
}
