// Reading JSON that others wrote: nothing in it is trusted to have the shape that it should, so a look never
// throws, and what is not there or is of another kind is simply absent.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "state/container_info.h"

namespace saker::capture {

using Json = nlohmann::json;

// Objects and arrays only; nothing when the text is no JSON or is nested more deeply than any runtime's.
std::optional<Json> parse_json(const std::string& text);

// A regular file of at most `bytes_max`. A pipe in its place would hold the agent up and is not opened.
std::optional<Json> read_json(const std::string& path, std::size_t bytes_max);

// Null when `object` is null or no object, or has no such member.
const Json* member(const Json* object, std::string_view key);
// The same, down a path of keys.
const Json* member(const Json* object, std::initializer_list<std::string_view> keys);

// Empty when it is not there or is no text.
std::string text(const Json* object, std::string_view key);
std::optional<bool> boolean(const Json* object, std::string_view key);

// Members that are texts; a value longer than `value_bytes_max` is left out, as Falco's label_max_len has it.
// Nothing when `object` is no object.
std::optional<state::Labels> labels_of(const Json* object, std::size_t value_bytes_max);

// A text that is not empty and not known yet.
inline void fill(std::optional<std::string>& slot, std::string value) {
  if (!slot && !value.empty()) slot = std::move(value);
}

}  // namespace saker::capture
