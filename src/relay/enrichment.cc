#include "relay/enrichment.h"

#include <algorithm>

namespace saker::relay {
namespace {

using spool::Event;
using spool::Field;

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

std::string pairs_text(const Event& event, const auto& names) {
  std::string text;
  for (const auto& [name, ignored] : names) {
    const Field* field = event.field(name);
    if (field == nullptr) continue;
    if (!text.empty()) text += ' ';
    text += name + '=' + field->value;
  }
  return text;
}

}  // namespace

Enrichment::Enrichment(const Config& config)
    : custom_fields_(config.customfields),
      custom_tags_(config.customtags),
      bracket_replacer_(config.bracketreplacer),
      output_format_(config.outputfieldformat) {
  for (const auto& [name, text] : config.templatedfields) {
    if (auto parsed = FieldTemplate::parse(text)) templates_.emplace_back(name, *std::move(parsed));
  }
}

std::string Enrichment::apply(Event& event) const {
  for (const auto& [name, value] : custom_fields_) event.set_field(name, value);
  event.tags.insert(event.tags.end(), custom_tags_.begin(), custom_tags_.end());
  if (event.rule == spool::kTestRule) event.source = "internal";
  if (event.source.empty()) event.source = "syscalls";
  for (const auto& [name, text] : templates_) {
    event.set_field(name, text.render([&event](std::string_view field) {
      const Field* found = event.field(field);
      return found != nullptr ? &found->value : nullptr;
    }));
  }
  if (event.fields.empty()) return "\"output_fields\" must have at least one field";
  if (!output_format_.empty()) rewrite_output(event);
  if (!bracket_replacer_.empty()) replace_brackets(event);
  seal(event);
  return "";
}

// proc.aname[2] → proc.aname_2
void Enrichment::replace_brackets(Event& event) const {
  for (Field& field : event.fields) {
    std::erase(field.name, ']');
    replace_all(field.name, "[", bracket_replacer_);
  }
  std::ranges::stable_sort(event.fields, {}, &Field::name);
  const auto twice = std::ranges::unique(event.fields, {}, &Field::name);
  event.fields.erase(twice.begin(), twice.end());
}

// Of "12:00:00.123456789: Critical something", as Falco begins it; other texts stay.
void Enrichment::rewrite_output(Event& event) const {
  const std::string& output = event.output;
  const std::size_t time_end = output.find_first_not_of("0123456789:.");
  if (time_end == std::string::npos || time_end < 2 || output[time_end] != ' ' ||
      output[time_end - 1] != ':' || output.find('.') > time_end) {
    return;
  }
  const std::size_t priority_end = output.find(' ', time_end + 1);
  if (priority_end == std::string::npos ||
      !spool::priority_named(std::string_view(output).substr(time_end + 1, priority_end - time_end - 1))) {
    return;
  }
  std::string tags;
  for (const std::string& tag : event.tags) tags += (tags.empty() ? "" : ",") + tag;
  std::string text = output_format_;
  replace_all(text, "<timestamp>", output.substr(0, time_end - 1));
  replace_all(text, "<priority>", spool::name_of(event.priority));
  replace_all(text, "<custom_fields>", pairs_text(event, custom_fields_));
  replace_all(text, "<templated_fields>", pairs_text(event, templates_));
  replace_all(text, "<tags>", tags);
  replace_all(text, "<output>", output.substr(priority_end + 1));  // last: it may hold anything
  while (text.ends_with("()") || text.ends_with(' '))
    text.resize(text.size() - (text.ends_with(' ') ? 1 : 2));
  event.output = std::move(text);
}

Event test_event(std::int64_t now_ns) {
  Event event;
  event.output = "This is a test from falcosidekick";
  event.priority = spool::Priority::kDebug;
  event.rule = spool::kTestRule;
  event.time_ns = now_ns / 1'000'000'000 * 1'000'000'000;
  event.time = spool::format_time_utc(event.time_ns);
  event.set_field("proc.name", "falcosidekick");
  event.set_field("user.name", "falcosidekick");
  event.source = "debug";
  event.tags = {"test", "example"};
  event.hostname = "falcosidekick";
  return event;
}

}  // namespace saker::relay
