// argv as records carry it: each argument ended by NUL, the last perhaps cut off. The first is proc.exe.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/arena.h"

namespace saker::fields {

// argv[0]; empty when there is none.
std::string_view first_argument(std::string_view argv);

// What follows argv[0], still with its NULs.
std::string_view later_arguments(std::string_view argv);

// Argument `index` after argv[0]; nothing beyond the end.
std::optional<std::string_view> later_argument(std::string_view argv, std::size_t index);

struct ArgumentCount {
  std::size_t count = 0;
  std::size_t bytes = 0;  // without the NULs
};
ArgumentCount count_later_arguments(std::string_view argv);

// `head`, then each later argument behind a blank. With an empty head this begins with a blank.
std::string_view command_line(std::string_view head, std::string_view argv, Arena& arena);

// The later arguments joined by blanks.
std::string_view joined_arguments(std::string_view argv, Arena& arena);

}  // namespace saker::fields
