#include "common/options.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "common/text.h"

const char* const kDefaultAddress = "127.0.0.1:50051";
const char* const kDefaultServer = "http://127.0.0.1:50051";

namespace {

constexpr std::string_view kScheme = "http://";

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

bool is_option(std::string_view word) {
  return word.size() > 1 && word[0] == '-' && (word[1] < '0' || word[1] > '9');
}

// A number and what follows it: "50ms" is 50 and "ms".
struct Measure {
  std::optional<std::uint64_t> number;
  std::string_view unit;
};

Measure measure(std::string_view text) {
  const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
  return {number<std::uint64_t>(text.substr(0, end)), text.substr(end)};
}

}  // namespace

template <typename Number>
std::optional<Number> whole_number(std::string_view text) {
  return number<Number>(text);
}
template std::optional<std::int64_t> whole_number(std::string_view);

std::string target_of(const std::string& url) {
  const std::string rest = url.substr(std::min(kScheme.size(), url.size()));
  return rest.substr(0, rest.find('/'));
}

Option flag(bool& on) {
  const auto take = [&on](const std::string&) {
    on = true;
    return std::nullopt;
  };
  return {take, /*alone=*/true};
}

Option text(std::string& text) {
  return {[&text](const std::string& value) -> std::optional<std::string> {
    if (!is_utf8(value)) return "is not UTF-8";
    text = value;
    return std::nullopt;
  }};
}

Option path(std::string& path) {
  return {[&path](const std::string& value) {
    path = value;
    return std::nullopt;
  }};
}

Option address(std::string& address) {
  return {[&address](const std::string& value) -> std::optional<std::string> {
    if (!has_port(value)) return "is not an address such as 127.0.0.1:50051";
    address = value;
    return std::nullopt;
  }};
}

Option server(std::string& url) {
  return {[&url](const std::string& value) -> std::optional<std::string> {
    if (!value.starts_with(kScheme) || !has_port(target_of(value))) {
      return "is not a URL such as http://127.0.0.1:50051";
    }
    url = value;
    return std::nullopt;
  }};
}

Option seconds(std::chrono::nanoseconds& time, double most) {
  return {[&time, most](const std::string& value) -> std::optional<std::string> {
    const auto given = number<double>(value);
    // Written so that NaN is refused as well.
    if (!given || !(*given >= 0 && *given <= most)) return "is not a number of seconds";
    time =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(*given));
    return std::nullopt;
  }};
}

Option duration(std::chrono::nanoseconds& time) {
  return {[&time](const std::string& value) -> std::optional<std::string> {
    using namespace std::chrono_literals;
    static const std::map<std::string_view, std::chrono::milliseconds> kUnits = {
        {"ms", 1ms}, {"s", 1s}, {"m", 1min}};
    const Measure given = measure(value);
    const auto unit = kUnits.find(given.unit);
    constexpr std::chrono::milliseconds kDay = 24h;
    if (!given.number || unit == kUnits.end() ||
        *given.number > static_cast<std::uint64_t>(kDay / unit->second)) {
      return "is not a time of a day or less, such as 50ms, 10s or 5m";
    }
    time = static_cast<std::chrono::milliseconds::rep>(*given.number) * unit->second;
    return std::nullopt;
  }};
}

Option count(std::uint32_t& count) {
  return {[&count](const std::string& value) -> std::optional<std::string> {
    const auto given = number<std::uint32_t>(value);
    if (!given || *given == 0) return "is not a whole number, 1 or more";
    count = *given;
    return std::nullopt;
  }};
}

Option size(std::uint64_t& bytes) {
  return {[&bytes](const std::string& value) -> std::optional<std::string> {
    static const std::map<std::string_view, unsigned> kShifts = {
        {"", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}, {"PiB", 50}};
    const Measure given = measure(value);
    const auto shift = kShifts.find(given.unit);
    if (!given.number || shift == kShifts.end() ||
        *given.number > std::numeric_limits<std::uint64_t>::max() >> shift->second) {
      return "is not a number of bytes, such as 4096, or of KiB, MiB, GiB, TiB or PiB";
    }
    bytes = *given.number << shift->second;
    return std::nullopt;
  }};
}

Words read_words(const std::string& command, const Options& options,
                 const std::vector<std::string>& words) {
  Words read;
  for (auto word = words.begin(); word != words.end(); ++word) {
    if (*word == "--") {
      read.operands.insert(read.operands.end(), word + 1, words.end());
      break;
    }
    if (*word == "--help" || *word == "-h") {
      read.help = true;
      break;
    }
    if (!is_option(*word)) {
      read.operands.push_back(*word);
      continue;
    }

    const auto equals = word->find('=');
    const std::string name = word->substr(0, equals);
    const auto option = options.find(name);
    if (option == options.end()) throw UsageError(command + " has no option " + plain(name));
    std::string value;
    if (option->second.alone) {
      if (equals != std::string::npos) throw UsageError(name + " takes no value");
    } else if (equals != std::string::npos) {
      value = word->substr(equals + 1);
    } else if (word + 1 == words.end()) {
      throw UsageError(name + " needs a value");
    } else {
      value = *++word;
    }
    if (const auto complaint = option->second.take(value)) {
      throw UsageError(name + " \"" + plain(value) + "\" " + *complaint);
    }
  }
  return read;
}
