// What is typed: lines from standard input, without their ends.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

class Typed {
 public:
  Typed();
  ~Typed();
  Typed(const Typed&) = delete;
  Typed& operator=(const Typed&) = delete;

  // Waits for the next line that can be said; nothing at the end of input, or after stop(). Empty
  // lines are left out, and one that is too long is complained about on standard error.
  std::optional<std::string> next();

  // Ends a next() that waits. May be called on any thread.
  void stop();

 private:
  // Answers false at the end.
  bool read_more();
  std::optional<std::string> next_line();

  int stopped_;         // a descriptor that can be read from after stop()
  std::string buffer_;  // what was read and not yet given
  std::size_t begin_ = 0;
  bool ended_ = false;
};
