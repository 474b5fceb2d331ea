// Texts made of others, in the arena.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "base/arena.h"

namespace saker::fields {

inline std::string_view concat(Arena& arena, std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  char* const data = arena.allocate(size);
  char* at = data;
  for (const std::string_view part : parts) at = std::copy(part.begin(), part.end(), at);
  return {data, size};
}

// `path` with a slash at its end; an empty one stays empty.
inline std::string_view with_slash(std::string_view path, Arena& arena) {
  return path.empty() || path.ends_with('/') ? path : concat(arena, {path, "/"});
}

}  // namespace saker::fields
