// The variable parts of a record, one after the other; see wire/records.h.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

#include "event/event.h"

namespace saker::event {

// Calls `take(part, text)` for each part; false when a length does not fit. `text` has the part's bytes.
template <class Take>
bool each_part(std::string_view parts, Take take) {
  while (!parts.empty()) {
    saker_part part;
    if (parts.size() < sizeof(part)) return false;
    std::memcpy(&part, parts.data(), sizeof(part));
    parts.remove_prefix(sizeof(part));
    if (part.length > parts.size()) return false;
    Text text;
    text.bytes = parts.substr(0, part.length);
    text.present = (part.flags & SAKER_PART_FAILED) == 0;
    text.truncated = (part.flags & SAKER_PART_TRUNCATED) != 0;
    take(part, text);
    parts.remove_prefix(part.length);
  }
  return true;
}

// A descriptor's part, without its name. False when it is too short.
bool decode_descriptor(std::string_view part, Descriptor& into);

}  // namespace saker::event
