// Text that somebody else has sent.
#pragma once

#include <string>
#include <string_view>

// A text without power over a terminal, on one line: what a terminal obeys is escaped, and so is
// what is not UTF-8. A line's end in it would begin a line that looks like one of ours.
std::string plain(std::string_view text);

bool is_utf8(std::string_view bytes);

// The bytes as a proto3 string may have them: what is not UTF-8 is replaced by U+FFFD.
std::string to_utf8(std::string_view bytes);
