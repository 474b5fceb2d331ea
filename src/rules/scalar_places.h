// Where each byte of a YAML scalar's value stands in the file.
//
// A YAML library hands out values without indentation, folds, quotes and escapes; to point at a word of a
// condition they must be put back. The value is laid over the raw text from the scalar's first byte on:
// bytes that are not blank appear in both in the same order. Exact for every byte that is not blank;
// blanks at folds and indentation may be off by the blanks dropped there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "rules/located_text.h"

namespace saker::rules {

// `start` is where the scalar's node begins in `file_text`: at its indicator, quote, first character, or
// at an anchor or tag in front of those.
LocatedText locate_scalar(std::string_view value, std::string_view file_text, std::uint32_t file,
                          std::size_t start);

}  // namespace saker::rules
