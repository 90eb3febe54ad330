// The command line: what the programs have in common.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

extern const char* const kDefaultAddress;
extern const char* const kDefaultServer;

// What is wrong with the command line, as a sentence.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What of the URL is the target of a channel: HOST:PORT.
std::string target_of(const std::string& url);

// The whole text as a whole number of this type, or nothing. For int64_t and unsigned types.
template <typename Number>
std::optional<Number> whole_number(std::string_view text);

struct Option {
  // Takes the value; answers what is wrong with it, such as "is not UTF-8".
  std::function<std::optional<std::string>(const std::string& value)> take;
  bool alone = false;  // the option has no value
};

Option flag(bool& on);
// Anything that a proto3 string may be.
Option text(std::string& text);
// Names a file or a folder, which need not be UTF-8.
Option path(std::string& path);
// Where to listen.
Option address(std::string& address);
// Which server to ask.
Option server(std::string& url);
// A time in seconds and fractions of them.
Option seconds(std::chrono::nanoseconds& time, double most);
// A time of a day at most, with its unit: 50ms, 10s, 5m.
Option duration(std::chrono::nanoseconds& time);
// A whole number, 1 or more.
Option count(std::uint32_t& count);
// A number of bytes, or of KiB to PiB.
Option size(std::uint64_t& bytes);

// What a command understands, by the options' names with their hyphens.
using Options = std::map<std::string, Option, std::less<>>;

struct Words {
  std::vector<std::string> operands;
  bool help = false;  // was asked for, and the rest does not matter
};

// Hands every option's value on, and gives the words that are operands. Words that look like
// negative numbers are operands, too.
Words read_words(const std::string& command, const Options& options,
                 const std::vector<std::string>& words);
