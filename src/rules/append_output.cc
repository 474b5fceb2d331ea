#include "rules/append_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace saker::rules {
namespace {

// In the order in which Falco's alerts show them.
constexpr std::array<std::string_view, 6> kSuggestedOrder = {
    "container.id",        "container.name", "container.image.repository",
    "container.image.tag", "k8s.pod.name",   "k8s.ns.name"};
// Suggested fields of the static family are the configuration's own and are not added here.
constexpr std::string_view kStatic = "static.";

bool is_suggested(const fields::Field& field) {
  return (field.flags & fields::kSuggested) != 0 && !field.name.starts_with(kStatic);
}

void append_field(std::string& to, std::string_view name) {
  std::string key(name);
  std::ranges::replace(key, '.', '_');
  to += fmt::format(" {}=%{}", key, name);
}

void append_suggested(std::string& to, const fields::Catalogue& catalogue) {
  for (const std::string_view name : kSuggestedOrder) {
    const fields::Field* field = catalogue.find(name);
    if (field != nullptr && is_suggested(*field)) append_field(to, name);
  }
  for (const fields::Field& field : catalogue.rows()) {
    const bool done = std::ranges::find(kSuggestedOrder, field.name) != kSuggestedOrder.end();
    if (!done && is_suggested(field)) append_field(to, field.name);
  }
}

bool applies(const AppendOutput& entry, const Rule& rule) {
  if (!entry.match_source.empty() && entry.match_source != rule.source) return false;
  if (!entry.match_rule.empty() && entry.match_rule != rule.name) return false;
  return std::ranges::all_of(entry.match_tags, [&](const std::string& tag) {
    return std::ranges::find(rule.tags, tag) != rule.tags.end();
  });
}

}  // namespace

std::string appended_output(const Rule& rule, const std::vector<AppendOutput>& entries,
                            const fields::Catalogue& catalogue) {
  std::string text;
  for (const AppendOutput& entry : entries) {
    if (!applies(entry, rule)) continue;
    if (!entry.extra_output.empty()) text += ' ' + entry.extra_output;
    if (entry.suggested_output) append_suggested(text, catalogue);
  }
  return text;
}

std::vector<ExtraField> appended_fields(const Rule& rule, const std::vector<AppendOutput>& entries,
                                        const fields::Catalogue& catalogue) {
  std::vector<ExtraField> made;
  for (const AppendOutput& entry : entries) {
    if (!applies(entry, rule)) continue;
    for (const AppendOutput::ExtraField& extra : entry.extra_fields) {
      if (!extra.format.empty()) {
        made.push_back({extra.name, std::nullopt, OutputTemplate::parse(extra.format, catalogue).output});
        continue;
      }
      auto prefix = catalogue.resolve_prefix(extra.name);
      if (prefix.ref && prefix.length == extra.name.size())
        made.push_back({extra.name, std::move(prefix.ref), {}});
    }
  }
  return made;
}

}  // namespace saker::rules
