#include "fields/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>

#include "base/suggestion.h"
#include "event/schema.h"
#include "fields/field_rows.h"
#include "fields/parameters.h"

namespace saker::fields {
namespace {

using Problem = Catalogue::Problem;
using Resolution = Catalogue::Resolution;

Resolution refuse(std::string message, std::string suggestion = "") {
  return {std::nullopt, {std::move(message), std::move(suggestion), false}};
}

Resolution accept(const Field& field, Argument argument = {}) {
  return {FieldRef{&field, std::move(argument)}, {}};
}

bool takes_dot(ArgumentKind kind) {
  return kind == ArgumentKind::kRequiredKey || kind == ArgumentKind::kRequiredDotName ||
         kind == ArgumentKind::kRequiredNameOrIndex || kind == ArgumentKind::kOptionalDotName;
}

bool takes_nothing(ArgumentKind kind) {
  return kind == ArgumentKind::kNone || kind == ArgumentKind::kOptionalIndex ||
         kind == ArgumentKind::kOptionalKey || kind == ArgumentKind::kOptionalIndexOrKey ||
         kind == ArgumentKind::kOptionalDotName;
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Digits without a sign or leading zeros: everything else is a key where keys are possible.
std::optional<std::int64_t> position(std::string_view text) {
  if (text.empty() || text.front() == '-' || (text.front() == '0' && text.size() > 1)) return std::nullopt;
  return number(text);
}

Argument index_argument(std::int64_t index) { return {Argument::Kind::kIndex, index, {}}; }
Argument key_argument(std::string_view key) { return {Argument::Kind::kKey, 0, std::string(key)}; }

Resolution with_index(const Field& field, std::optional<std::int64_t> index, std::string_view text) {
  if (!index)
    return refuse(fmt::format("'{}' is no number; {} takes one, as in {}[1]", text, field.name, field.name));
  return accept(field, index_argument(*index));
}

// `text` stood between brackets.
Resolution with_brackets(const Field& field, std::string_view text) {
  switch (field.argument) {
    case ArgumentKind::kNone:
      return refuse(fmt::format("{} takes no argument", field.name));
    case ArgumentKind::kRequiredDotName:
    case ArgumentKind::kOptionalDotName:
      return refuse(fmt::format("{} takes its argument after a dot, not in brackets", field.name));
    case ArgumentKind::kOptionalIndex: {
      const auto index = number(text);
      return index && *index < 0 ? accept(field) : with_index(field, index, text);
    }
    case ArgumentKind::kRequiredNameOrIndex:
    case ArgumentKind::kRequiredTime:
      return with_index(field, position(text), text);
    default:
      break;
  }
  if (text.empty()) return refuse(fmt::format("the argument of {} is empty", field.name));
  if (field.argument == ArgumentKind::kOptionalIndexOrKey) {
    // The own level may also be written as a negative one.
    if (const auto level = number(text))
      return accept(field, index_argument(std::max<std::int64_t>(*level, 0)));
  } else if (field.argument == ArgumentKind::kRequiredIndexOrKey) {
    if (const auto index = position(text)) return accept(field, index_argument(*index));
  }
  return accept(field, key_argument(text));
}

Resolution with_dot(const Field& field, std::string_view key) {
  if (field.words != nullptr) {
    const auto words = field.words();
    if (std::find(words.begin(), words.end(), key) == words.end()) {
      Suggestion suggestion(key);
      for (const std::string_view word : words) suggestion.offer(word);
      const std::string_view nearest = suggestion.nearest();
      return refuse(fmt::format("{} has no '{}'", field.name, key),
                    nearest.empty() ? "" : fmt::format("{}.{}", field.name, nearest));
    }
  }
  return accept(field, key_argument(key));
}

std::string needed_form(const Field& field) {
  switch (field.argument) {
    case ArgumentKind::kRequiredNameOrIndex:
      return fmt::format("{}.NAME or {}[N]", field.name, field.name);
    case ArgumentKind::kRequiredDotName:
      return fmt::format("{}.NAME", field.name);
    case ArgumentKind::kRequiredTime:
      return fmt::format("{}[TIME]", field.name);
    default:
      return fmt::format("{}[...]", field.name);
  }
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

// The text between the brackets that open at `text`'s begin, and the length with brackets.
struct Bracketed {
  std::string_view inside;
  std::size_t length = 0;
};
std::optional<Bracketed> bracketed(std::string_view text) {
  if (!text.starts_with('[')) return std::nullopt;
  if (text.size() > 1 && (text[1] == '"' || text[1] == '\'')) {
    const std::size_t quote = text.find(text[1], 2);
    if (quote == std::string_view::npos || !text.substr(quote + 1).starts_with(']')) return std::nullopt;
    return Bracketed{text.substr(2, quote - 2), quote + 2};
  }
  const std::size_t close = text.find(']');
  if (close == std::string_view::npos) return std::nullopt;
  return Bracketed{text.substr(1, close - 1), close + 1};
}

}  // namespace

std::uint8_t FieldRef::details(event::TypeId type) const {
  const bool all = field->name == "evt.args" || field->name == "evt.info";
  if (!all && field->name != "evt.arg" && field->name != "evt.rawarg") return field->details;
  const event::Schema* schema = event::find_schema(type);
  std::uint8_t wanted = 0;
  for (std::size_t i = 0; schema != nullptr && i < schema->parameters.size(); ++i) {
    const bool asked = argument.kind == Argument::Kind::kIndex
                           ? argument.index == static_cast<std::int64_t>(i)
                           : argument.key == schema->parameters[i].name;
    if (all || asked) wanted |= parameter_details(schema->parameters[i]);
  }
  return wanted;
}

Format FieldRef::format() const {
  return field->type == Type::kDynamic ? parameter_format(argument.key) : field->format;
}

std::string FieldRef::text() const {
  if (argument.kind == Argument::Kind::kIndex) return fmt::format("{}[{}]", field->name, argument.index);
  if (argument.kind == Argument::Kind::kNone) return std::string(field->name);
  const bool dot = takes_dot(field->argument) && field->argument != ArgumentKind::kRequiredKey;
  return dot ? fmt::format("{}.{}", field->name, argument.key)
             : fmt::format("{}[{}]", field->name, argument.key);
}

Catalogue::Catalogue(std::vector<Field> rows) : rows_(std::move(rows)), by_name_(rows_.size()) {
  std::iota(by_name_.begin(), by_name_.end(), 0U);
  std::sort(by_name_.begin(), by_name_.end(),
            [&](std::uint32_t a, std::uint32_t b) { return rows_[a].name < rows_[b].name; });
}

const Field* Catalogue::find(std::string_view name) const {
  const auto found =
      std::lower_bound(by_name_.begin(), by_name_.end(), name,
                       [&](std::uint32_t row, std::string_view n) { return rows_[row].name < n; });
  return found == by_name_.end() || rows_[*found].name != name ? nullptr : &rows_[*found];
}

Resolution Catalogue::resolve(std::string_view name, std::optional<std::string_view> bracket_argument) const {
  if (const Field* field = find(name)) {
    if (bracket_argument) return with_brackets(*field, *bracket_argument);
    if (takes_nothing(field->argument)) return accept(*field);
    return refuse(fmt::format("{} needs an argument: {}", name, needed_form(*field)));
  }
  if (const Field* field = dotted(name); field != nullptr && field->name.size() + 1 < name.size()) {
    if (bracket_argument)
      return refuse(fmt::format("{} has an argument after a dot and another in brackets", name));
    return with_dot(*field, name.substr(field->name.size() + 1));
  }
  Suggestion suggestion(name);
  for (const Field& field : rows_) {
    if ((field.flags & kHidden) == 0) suggestion.offer(field.name);
  }
  return {std::nullopt, {fmt::format("unknown field '{}'", name), std::string(suggestion.nearest()), true}};
}

Catalogue::Prefix Catalogue::resolve_prefix(std::string_view text) const {
  std::size_t run = 0;
  while (run < text.size() && is_name_character(text[run])) ++run;
  while (run > 0 && text[run - 1] == '.') --run;  // the sentence's
  Prefix prefix;
  for (std::size_t length = run; length > 0; --length) {
    const std::string_view name = text.substr(0, length);
    // Asking resolve() about every prefix would look for suggestions as often; only what can succeed is
    // asked.
    const Field* field = find(name);
    const auto brackets = field == nullptr ? std::nullopt : bracketed(text.substr(length));
    Resolution resolution;
    if (field != nullptr && brackets && field->argument != ArgumentKind::kNone) {
      resolution = resolve(name, brackets->inside);
      length += resolution.ref ? brackets->length : 0;
    } else if (field != nullptr || length == run || dotted(name) != nullptr) {
      resolution = resolve(name, std::nullopt);
    } else {
      continue;
    }
    if (resolution.ref) return {std::move(resolution.ref), length, {}};
    // What is wrong with a known field says more than that the whole run is unknown.
    if (prefix.problem.message.empty() ||
        (prefix.problem.unknown_field && !resolution.problem.unknown_field)) {
      prefix.problem = std::move(resolution.problem);
    }
    if (field != nullptr) break;
  }
  return prefix;
}

const Field* Catalogue::dotted(std::string_view name) const {
  for (std::size_t dot = name.rfind('.'); dot != std::string_view::npos && dot > 0;
       dot = name.rfind('.', dot - 1)) {
    const Field* field = find(name.substr(0, dot));
    if (field != nullptr && takes_dot(field->argument)) return field;
  }
  return nullptr;
}

const Catalogue& syscall_catalogue() {
  static const Catalogue catalogue = [] {
    std::vector<Field> rows;
    for (const auto part : {evt_fields(), proc_fields(), environment_fields(), usage_fields(), user_fields(),
                            fd_fields(), socket_fields(), path_fields(), container_fields()}) {
      rows.insert(rows.end(), part.begin(), part.end());
    }
    return Catalogue(std::move(rows));
  }();
  return catalogue;
}

}  // namespace saker::fields
