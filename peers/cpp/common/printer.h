// Standard output, line by line.
//
// A thread of its own writes, so that whoever has lines need not know whether more are coming: a
// line that is alone gets out at once, and lines that come faster than they can be written get out
// together. Little may wait: print() then waits, and with it whoever sends what is printed.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "common/program.h"

class Printer {
 public:
  // `broken` is called once, on another thread, if no more can be written.
  explicit Printer(std::function<void()> broken);
  ~Printer();
  Printer(const Printer&) = delete;
  Printer& operator=(const Printer&) = delete;

  void print(std::string_view line);

  // Waits until all lines are out. It is no failure if their reader has seen enough and left.
  Outcome finish();

  // Whether no more can be written, for whatever reason.
  bool is_broken();

 private:
  void write_lines();
  void end();

  const std::function<void()> broken_;
  std::mutex mutex_;  // guards what follows, up to the thread
  std::condition_variable changed_;
  std::string lines_;  // that wait
  bool ended_ = false;
  int error_ = 0;  // as errno has it
  std::thread writer_;
};
