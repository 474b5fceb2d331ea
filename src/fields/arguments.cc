#include "fields/arguments.h"

#include <algorithm>

namespace saker::fields {

std::string_view first_argument(std::string_view argv) { return argv.substr(0, argv.find('\0')); }

std::string_view later_arguments(std::string_view argv) {
  const std::size_t end = argv.find('\0');
  return end == std::string_view::npos ? std::string_view() : argv.substr(end + 1);
}

std::optional<std::string_view> later_argument(std::string_view argv, std::size_t index) {
  std::string_view rest = later_arguments(argv);
  for (; !rest.empty(); --index) {
    if (index == 0) return first_argument(rest);
    rest = later_arguments(rest);
  }
  return std::nullopt;
}

ArgumentCount count_later_arguments(std::string_view argv) {
  const std::string_view rest = later_arguments(argv);
  const auto ends = static_cast<std::size_t>(std::count(rest.begin(), rest.end(), '\0'));
  const bool cut_off = !rest.empty() && rest.back() != '\0';
  return {ends + (cut_off ? 1 : 0), rest.size() - ends};
}

std::string_view command_line(std::string_view head, std::string_view argv, Arena& arena) {
  std::string_view rest = later_arguments(argv);
  if (rest.empty()) return head;
  if (rest.back() == '\0') rest.remove_suffix(1);
  char* const data = arena.allocate(head.size() + 1 + rest.size());
  char* at = std::copy(head.begin(), head.end(), data);
  *at++ = ' ';
  at = std::replace_copy(rest.begin(), rest.end(), at, '\0', ' ');
  return {data, static_cast<std::size_t>(at - data)};
}

std::string_view joined_arguments(std::string_view argv, Arena& arena) {
  const std::string_view line = command_line({}, argv, arena);
  return line.empty() ? line : line.substr(1);
}

}  // namespace saker::fields
