#include "common/text.h"

#include <array>
#include <cstddef>
#include <cstdio>

namespace {

struct Character {
  char32_t code;
  std::size_t bytes;
  bool valid;
};

// The first character of a text that is not empty. What is not UTF-8 is a character of one byte.
Character first_of(std::string_view text) {
  const auto byte = [text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const char32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};

  const Character invalid{lead, 1, false};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  // The smallest code that needs so many bytes: a longer way to write a code is not UTF-8.
  constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return invalid;
  char32_t code = lead & (0x7fu >> bytes);
  for (std::size_t at = 1; at < bytes; ++at) {
    if ((byte(at) & 0xc0) != 0x80) return invalid;
    code = code << 6 | (byte(at) & 0x3f);
  }
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < kLeast[bytes] || code > 0x10ffff || surrogate) return invalid;
  return {code, bytes, true};
}

// Control characters, and those that break lines or turn the direction of what follows.
bool is_obeyed(char32_t code) {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x200e || code == 0x200f ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

std::string plain(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const auto [code, bytes, valid] = first_of(text);
    if (valid && !is_obeyed(code)) {
      shown += text.substr(0, bytes);
    } else {
      std::array<char, 16> escaped{};
      std::snprintf(escaped.data(), escaped.size(), valid ? "\\u{%x}" : "\\x%02x",
                    static_cast<unsigned>(code));
      shown += escaped.data();
    }
    text.remove_prefix(bytes);
  }
  return shown;
}

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const Character character = first_of(bytes);
    if (!character.valid) return false;
    bytes.remove_prefix(character.bytes);
  }
  return true;
}

std::string to_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const Character character = first_of(bytes);
    text += character.valid ? bytes.substr(0, character.bytes) : "\xef\xbf\xbd";
    bytes.remove_prefix(character.bytes);
  }
  return text;
}
