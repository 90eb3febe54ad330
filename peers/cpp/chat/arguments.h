// The command line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/options.h"

extern const char* const kUsage;

struct Arguments {
  std::string command;
  std::string listen = kDefaultAddress;
  std::uint64_t backlog = 16 << 20;  // in bytes
  std::string room;
  std::string name;
  std::string server = kDefaultServer;
  bool help = false;
};

Arguments parse(const std::vector<std::string>& words);
