#include "rules/literals.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "rules/program.h"

namespace saker::rules {
namespace {

bool may_have_other_names(std::string_view path) {
  return path.size() > 1 && path.starts_with('/') && !path.starts_with("/proc/") &&
         !path.starts_with("/sys/");
}

bool is_domain(std::string_view text) { return !text.empty() && text.find('/') == std::string_view::npos; }

std::vector<std::string> literals(const RuleSet& rules, bool of_hosts, bool (*wanted)(std::string_view)) {
  std::vector<std::string> found;
  for (const EnabledRule& rule : rules.rules()) {
    for (const Predicate& predicate : rule.condition->predicates) {
      if (predicate.literals.empty()) continue;
      const ValueNode& value = rule.condition->values[predicate.left];
      if (value.kind != ValueNode::Kind::kField || value.field.field->name.ends_with("ip.name") != of_hosts)
        continue;
      std::ranges::copy_if(predicate.literals, std::back_inserter(found), wanted);
    }
  }
  std::ranges::sort(found);
  found.erase(std::ranges::unique(found).begin(), found.end());
  return found;
}

}  // namespace

std::vector<std::string> literal_paths(const RuleSet& rules) {
  return literals(rules, false, may_have_other_names);
}

std::vector<std::string> literal_domains(const RuleSet& rules) { return literals(rules, true, is_domain); }

}  // namespace saker::rules
