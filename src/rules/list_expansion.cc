#include "rules/list_expansion.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace saker::rules {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kDelimiters = " \t\r\n(),=";

// As it must stand in a condition to be one value.
std::string as_value(const std::string& item) {
  if (item.empty()) return "\"\"";
  const bool quoted = item[0] == '"' || item[0] == '\'';
  if (quoted || item.find_first_of(kBlanks) == std::string::npos) return item;
  return '"' + item + '"';
}

bool is_delimited(std::string_view text, std::size_t begin, std::size_t end) {
  const bool before = begin == 0 || kDelimiters.find(text[begin - 1]) != std::string_view::npos;
  return before && (end >= text.size() || kDelimiters.find(text[end]) != std::string_view::npos);
}

// The place of the next use of `name`, at or behind `from`.
std::size_t find_use(std::string_view text, std::string_view name, std::size_t from) {
  std::size_t found = text.find(name, from);
  while (found != std::string_view::npos && !is_delimited(text, found, found + name.size())) {
    found = text.find(name, found + 1);
  }
  return found;
}

// A list without items takes one neighbouring comma with it: the one already copied, or else the next one.
// Gives where copying goes on.
std::size_t drop_comma(LocatedText& copied, std::string_view text, std::size_t at) {
  const std::size_t before = copied.text().find_last_not_of(kBlanks);
  if (before != std::string::npos && copied.text()[before] == ',') {
    copied.truncate(before);
    return at;
  }
  const std::size_t after = text.find_first_not_of(kBlanks, at);
  return after != std::string_view::npos && text[after] == ',' ? after + 1 : at;
}

}  // namespace

ListExpansion::ListExpansion(const std::vector<ListDefinition>& lists) : used_(lists.size(), false) {
  absl::flat_hash_map<std::string_view, std::size_t> by_name;
  for (std::size_t i = 0; i < lists.size(); ++i) by_name.emplace(lists[i].name, i);
  for (const ListDefinition& list : lists) {
    List& made = lists_.emplace_back();
    made.name = list.name;
    const auto add = [&made](const std::string& item) {
      if (!made.empty) made.joined += ", ";
      made.joined += as_value(item);
      made.empty = false;
    };
    for (const std::string& item : list.items) {
      const auto found = by_name.find(item);
      if (found == by_name.end() || item == list.name || lists[found->second].index >= list.visibility) {
        add(item);
        continue;
      }
      used_[found->second] = true;
      for (const std::string& inner : lists[found->second].items) {
        // expand() would refuse any use of it; no need to build it whole.
        if (made.joined.size() <= kExpandedBytesMax) add(inner);
      }
    }
  }
}

bool ListExpansion::expand(LocatedText& text) {
  for (std::size_t i = 0; i < lists_.size(); ++i) {
    bool used = used_[i];
    if (!expand(text, lists_[i], used)) return false;
    used_[i] = used;
  }
  return true;
}

bool ListExpansion::expand(LocatedText& text, const List& list, bool& used) {
  if (list.name.empty()) return true;
  std::size_t found = find_use(text.text(), list.name, 0);
  if (found == std::string::npos) return true;
  used = true;
  LocatedText made;
  std::size_t copied = 0;
  while (found != std::string::npos) {
    const std::size_t end = found + list.name.size();
    made.append(text, copied, std::max(copied, found));
    copied = end;
    if (list.empty) {
      copied = drop_comma(made, text.text(), end);
      made.append(" ", text.place(found, end));  // keeps apart what the comma kept apart
    } else {
      made.append(list.joined, text.place(found, end));
    }
    if (made.size() > kExpandedBytesMax) return false;
    found = find_use(text.text(), list.name, end);
  }
  made.append(text, copied, text.size());
  text = std::move(made);
  return text.size() <= kExpandedBytesMax;
}

}  // namespace saker::rules
