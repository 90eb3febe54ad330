// The command line.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/options.h"

extern const char* const kUsage;

struct Arguments {
  std::string command;
  std::string listen = kDefaultAddress;
  bool still = false;  // no trade happens by itself
  std::string symbol;
  std::uint32_t limit = 0;  // 0 for all
  std::chrono::nanoseconds interval{0};
  std::string server = kDefaultServer;
  // Of the whole call, from now to its end.
  std::chrono::nanoseconds timeout = std::chrono::minutes(1);
  bool help = false;
};

// The timeout of a watch whose end nobody has set.
constexpr std::chrono::nanoseconds kForever = std::chrono::nanoseconds::max();

Arguments parse(const std::vector<std::string>& words);
