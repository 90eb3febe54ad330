#include "arguments.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

const char* const kUsage =
    R"(Integer arithmetic over gRPC.

Usage:
  calculator serve [--listen ADDRESS]
  calculator add|subtract|multiply|divide NUMBER NUMBER… [--server URL] [--timeout SECONDS]

  --listen ADDRESS   where to listen; port 0 takes any free port (127.0.0.1:50051)
  --server URL       the server to ask (http://127.0.0.1:50051)
  --timeout SECONDS  how long the whole calculation may take (5)

Exit codes: 0 well, 1 the server could not run, 2 wrong arguments,
            64 + N a call that ended with gRPC status code N
)";

namespace {

constexpr std::string_view kScheme = "http://";

// The whole text as a number, or nothing.
template <typename Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return value;
}

bool has_port(std::string_view address) {
  const auto colon = address.rfind(':');
  return colon != 0 && colon != std::string_view::npos &&
         number<std::uint16_t>(address.substr(colon + 1)).has_value();
}

void take_option(Arguments& args, const std::string& name, const std::string& value) {
  const bool serving = args.command == "serve";
  if (name == "--listen" && serving) {
    if (!has_port(value)) {
      throw UsageError("--listen \"" + value + "\" is not an address such as 127.0.0.1:50051");
    }
    args.listen = value;
  } else if (name == "--server" && !serving) {
    if (!value.starts_with(kScheme) || !has_port(target_of(value))) {
      throw UsageError("--server \"" + value + "\" is not a URL such as http://127.0.0.1:50051");
    }
    args.server = value;
  } else if (name == "--timeout" && !serving) {
    const auto seconds = number<double>(value);
    // Written so that NaN is refused as well. Nanoseconds in 64 bits are 292 years.
    if (!seconds || !(*seconds >= 0 && *seconds <= 1e9)) {
      throw UsageError("--timeout \"" + value + "\" is not a number of seconds");
    }
    args.timeout = std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::duration<double>(*seconds));
  } else {
    throw UsageError(args.command + " has no option " + name);
  }
}

}  // namespace

Arguments parse(const std::vector<std::string>& words) {
  constexpr std::array<std::string_view, 5> kCommands = {"serve", "add", "subtract", "multiply",
                                                         "divide"};
  Arguments args;
  if (words.empty()) {
    throw UsageError("say what to do: serve, add, subtract, multiply or divide");
  }
  args.command = words.front();
  if (args.command == "help" || args.command == "--help" || args.command == "-h") {
    args.help = true;
    return args;
  }
  if (std::ranges::find(kCommands, args.command) == kCommands.end()) {
    throw UsageError("there is no command \"" + args.command +
                     "\": say serve, add, subtract, multiply or divide");
  }

  const bool serving = args.command == "serve";
  for (auto word = words.begin() + 1; word != words.end(); ++word) {
    if (*word == "--help" || *word == "-h") {
      args.help = true;
      return args;
    }
    if (word->starts_with("--")) {
      if (const auto equals = word->find('='); equals != std::string::npos) {
        take_option(args, word->substr(0, equals), word->substr(equals + 1));
      } else if (word + 1 == words.end()) {
        throw UsageError(*word + " needs a value");
      } else {
        const std::string& name = *word;
        take_option(args, name, *++word);
      }
    } else if (serving) {
      throw UsageError("serve takes no \"" + *word + "\"");
    } else if (const auto value = number<std::int64_t>(*word)) {
      args.numbers.push_back(*value);
    } else {
      throw UsageError("\"" + *word + "\" is not a whole number of 64 bits");
    }
  }
  if (!serving && args.numbers.size() < 2) {
    throw UsageError(args.command + " needs two whole numbers or more");
  }
  return args;
}

std::string target_of(const std::string& url) {
  const std::string rest = url.substr(std::min(kScheme.size(), url.size()));
  return rest.substr(0, rest.find('/'));
}
