#include "rules/collection.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace saker::rules {
namespace {

constexpr std::string_view kSource = "syscall";

template <class T>
T* find_in(std::vector<T>& items, const absl::flat_hash_map<std::string, std::size_t>& names,
           const std::string& name) {
  const auto found = names.find(name);
  return found == names.end() ? nullptr : &items[found->second];
}

// The entry of that name, made at the end when there is none.
template <class T>
T& find_or_make(std::vector<T>& items, absl::flat_hash_map<std::string, std::size_t>& names,
                const std::string& name) {
  const auto [found, made] = names.try_emplace(name, items.size());
  if (made) items.emplace_back();
  return items[found->second];
}

// "a" + "b" → "a b"; each blank comes from where `b` begins.
void join(LocatedText& to, const LocatedText& more) {
  to.append(" ", more.place(0, 1));
  to.append(more);
}

void sort_unique(std::vector<std::string>& texts) {
  std::ranges::sort(texts);
  const auto rest = std::ranges::unique(texts);
  texts.erase(rest.begin(), rest.end());
}

std::vector<std::string_view> names_of(const absl::flat_hash_map<std::string, std::size_t>& names) {
  std::vector<std::string_view> known;
  for (const auto& [name, position] : names) known.push_back(name);
  std::ranges::sort(known);  // ties must not depend on the table's order
  return known;
}

}  // namespace

void Collection::add(const FileItems& file, Findings& findings) {
  incomplete_ = incomplete_ || file.incomplete;
  for (const Item& item : file.items) {
    std::visit([&](const auto& one) { add(one, findings); }, item);
    ++position_;
  }
}

void Collection::missing(std::string_view kind, const std::string& name, Place place, const Names& known,
                         Findings& findings) const {
  if (incomplete_) return;
  findings.push_back({Code::kErrValidate,
                      fmt::format("no {} '{}' is defined before this", kind, name),
                      did_you_mean(name, names_of(known)),
                      place,
                      {{std::string(kind), name, place}}});
}

void Collection::add(const BrokenItem& item, Findings&) {
  if (item.name.empty()) {
    incomplete_ = true;  // any name may be meant
    return;
  }
  if (item.kind == ItemKind::kList && !list_names_.contains(item.name)) {
    CollectedList& list = find_or_make(lists_, list_names_, item.name);
    list.definition = {item.name, {}, position_, position_};
    list.broken = true;
  }
  if (item.kind == ItemKind::kMacro) {
    CollectedMacro& macro = find_or_make(macros_, macro_names_, item.name);
    if (macro.name.empty()) macro.index = position_;
    macro.name = item.name;
    macro.visibility = position_;
    macro.broken = true;
  }
  if (item.kind == ItemKind::kRule && !rule_names_.contains(item.name)) {
    CollectedRule& rule = find_or_make(rules_, rule_names_, item.name);
    rule.rule.name = item.name;
    rule.broken = true;
  }
}

void Collection::add(const ListItem& item, Findings& findings) {
  const bool append = item.change == ListItem::Change::kAppend;
  if (append && !list_names_.contains(item.name)) {
    missing("list", item.name, item.place, list_names_, findings);
    add(BrokenItem{ItemKind::kList, item.name}, findings);
    return;
  }
  CollectedList& list = find_or_make(lists_, list_names_, item.name);
  ListDefinition& definition = list.definition;
  if (definition.name.empty()) definition.index = position_;
  definition.name = item.name;
  definition.visibility = position_;
  list.place = item.place;
  if (!append) {
    definition.items.clear();
    list.broken = false;
  }
  definition.items.insert(definition.items.end(), item.items.begin(), item.items.end());
}

void Collection::add(const MacroItem& item, Findings& findings) {
  const bool append = item.change == MacroItem::Change::kAppend;
  if (append && !macro_names_.contains(item.name)) {
    missing("macro", item.name, item.place, macro_names_, findings);
    add(BrokenItem{ItemKind::kMacro, item.name}, findings);
    return;
  }
  CollectedMacro& macro = find_or_make(macros_, macro_names_, item.name);
  if (macro.name.empty()) macro.index = position_;
  macro.name = item.name;
  macro.visibility = position_;
  macro.place = item.place;
  if (append) {
    join(macro.condition, item.condition);
  } else {
    macro.condition = item.condition;
    macro.broken = false;
  }
}

void Collection::add(const RuleItem& item, Findings& findings) {
  if (item.change == RuleItem::Change::kDefine) return define(item, findings);
  CollectedRule* rule = find_in(rules_, rule_names_, item.name);
  if (rule == nullptr) {
    missing("rule", item.name, item.place, rule_names_, findings);
    add(BrokenItem{ItemKind::kRule, item.name}, findings);
    return;
  }
  if (rule->broken) return;  // reported where it broke
  switch (item.change) {
    case RuleItem::Change::kEnable:
      rule->rule.enabled = *item.enabled;
      break;
    case RuleItem::Change::kAppend:
      if (same_source(item, *rule, findings)) append(item, *rule, findings);
      break;
    default:
      if (same_source(item, *rule, findings)) override_keys(item, *rule, findings);
  }
}

bool Collection::same_source(const RuleItem& item, const CollectedRule& rule, Findings& findings) const {
  if (!item.source || item.source->empty() || *item.source == rule.rule.source) return true;
  findings.push_back({Code::kErrValidate,
                      fmt::format("rule '{}' has source '{}', it cannot become '{}'", item.name,
                                  rule.rule.source, *item.source),
                      {},
                      item.source_place,
                      {{"rule", item.name, item.place}}});
  return false;
}

ExceptionChecker Collection::checker(const RuleItem& item, bool known_source, Findings& findings) const {
  return ExceptionChecker(known_source ? &catalogue_ : nullptr, {{"rule", item.name, item.place}}, findings);
}

void Collection::define(const RuleItem& item, Findings& findings) {
  const CollectedRule* before = find_in(rules_, rule_names_, item.name);
  if (before != nullptr && !before->broken && !same_source(item, *before, findings)) return;
  CollectedRule made;
  made.place = before == nullptr || before->broken ? item.place : before->place;
  Rule& rule = made.rule;
  rule.name = item.name;
  rule.description = *item.description;
  rule.priority = *item.priority;
  rule.source = item.source.value_or(std::string(kSource));
  rule.tags = item.tags.value_or(std::vector<std::string>());
  sort_unique(rule.tags);
  rule.enabled = item.enabled.value_or(true);
  rule.warn_evttypes = item.warn_evttypes.value_or(true);
  rule.skip_if_unknown_filter = item.skip_if_unknown_filter.value_or(false);
  rule.capture = item.capture.value_or(false);
  rule.capture_duration_ms = item.capture_duration_ms.value_or(0);
  rule.file = sources_.name(made.place.file);
  rule.line = sources_.line(made.place);
  made.condition = *item.condition;
  made.output = *item.output;
  made.unknown_source = rule.source != kSource;
  if (made.unknown_source) {
    const Place place = item.source ? item.source_place : item.place;
    findings.push_back({Code::kUnknownSource,
                        fmt::format("unknown event source '{}'", rule.source),
                        "only 'syscall' is known",
                        place,
                        {{"rule", item.name, item.place}}});
  }
  if (item.exceptions) {
    made.broken = !checker(item, !made.unknown_source, findings).define(*item.exceptions, made.exceptions);
  }
  find_or_make(rules_, rule_names_, item.name) = std::move(made);
}

void Collection::append(const RuleItem& item, CollectedRule& rule, Findings& findings) {
  if (item.condition) join(rule.condition, *item.condition);
  if (!item.exceptions) return;
  if (!checker(item, !rule.unknown_source, findings).append(*item.exceptions, rule.exceptions))
    rule.broken = true;
}

void Collection::override_keys(const RuleItem& item, CollectedRule& rule, Findings& findings) {
  Rule& to = rule.rule;
  if (item.appended & kConditionKey) join(rule.condition, *item.condition);
  if (item.appended & kOutputKey) join(rule.output, *item.output);
  if (item.appended & kDescKey) to.description += ' ' + *item.description;
  if (item.appended & kTagsKey) to.tags.insert(to.tags.end(), item.tags->begin(), item.tags->end());
  if (item.replaced & kConditionKey) rule.condition = *item.condition;
  if (item.replaced & kOutputKey) rule.output = *item.output;
  if (item.replaced & kDescKey) to.description = *item.description;
  if (item.replaced & kTagsKey) to.tags = *item.tags;
  if (item.replaced & kPriorityKey) to.priority = *item.priority;
  if (item.replaced & kEnabledKey) to.enabled = *item.enabled;
  if (item.replaced & kWarnEvttypesKey) to.warn_evttypes = *item.warn_evttypes;
  if (item.replaced & kSkipUnknownKey) to.skip_if_unknown_filter = *item.skip_if_unknown_filter;
  if (item.replaced & kCaptureKey) to.capture = *item.capture;
  if (item.replaced & kCaptureDurationKey) to.capture_duration_ms = *item.capture_duration_ms;
  sort_unique(to.tags);
  if (!item.exceptions) return;
  ExceptionChecker check = checker(item, !rule.unknown_source, findings);
  const bool good = (item.appended & kExceptionsKey) ? check.append(*item.exceptions, rule.exceptions)
                                                     : check.define(*item.exceptions, rule.exceptions);
  if (!good) rule.broken = true;
}

}  // namespace saker::rules
