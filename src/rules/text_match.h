// Comparisons of texts that the standard library has not.
#pragma once

#include <string_view>

#include "base/arena.h"

namespace saker::rules {

// `needle` must be in lower case.
bool contains_folded(std::string_view text, std::string_view needle);

// `text` itself when it is valid UTF-8, else a copy with U+FFFD for what is not.
std::string_view valid_utf8(std::string_view text, Arena& arena);

}  // namespace saker::rules
