#include "rules/selection.h"

#include <algorithm>

namespace saker::rules {

bool matches_wildcard(std::string_view pattern, std::string_view text) {
  const std::size_t first = pattern.find('*');
  if (first == std::string_view::npos) return pattern == text;
  if (!text.starts_with(pattern.substr(0, first))) return false;
  text.remove_prefix(first);
  pattern.remove_prefix(first);
  // `pattern` begins with a star here.
  while (!pattern.empty()) {
    pattern.remove_prefix(1);
    const std::size_t star = std::min(pattern.find('*'), pattern.size());
    const std::string_view literal = pattern.substr(0, star);
    pattern.remove_prefix(star);
    if (literal.empty()) {
      if (pattern.empty()) return true;  // a star at the end takes the rest
      continue;
    }
    const std::size_t found = text.find(literal);
    if (found == std::string_view::npos) return false;
    text.remove_prefix(found + literal.size());
  }
  return text.empty();
}

void select_rules(const std::vector<Selection>& selection, std::vector<Rule>& rules) {
  for (const Selection& entry : selection) {
    for (Rule& rule : rules) {
      const bool by_name = !entry.rule.empty() && matches_wildcard(entry.rule, rule.name);
      const bool by_tag = !entry.tag.empty() && std::ranges::find(rule.tags, entry.tag) != rule.tags.end();
      if (by_name || by_tag) rule.enabled = entry.enable;
    }
  }
}

}  // namespace saker::rules
