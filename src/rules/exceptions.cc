#include "rules/exceptions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "rules/compile.h"
#include "rules/condition_parser.h"

namespace saker::rules {
namespace {

constexpr std::array<std::string_view, 3> kListOperators = {"in", "intersects", "pmatch"};
constexpr std::array<std::string_view, 12> kTextOperators = {
    "=",         "==",        "!=",         "glob",        "iglob",    "contains",
    "icontains", "bcontains", "startswith", "bstartswith", "endswith", "regex"};
constexpr std::array<std::string_view, 4> kNumberOperators = {"<", "<=", ">", ">="};
constexpr std::array<std::string_view, 3> kModifiers = {"oneof", "anyof", "allof"};
constexpr std::string_view kBlanks = " \t\r\n";

bool has(std::span<const std::string_view> words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

// An operator with its modifier taken apart: "startswith  oneof".
struct Comparison {
  std::string_view op;
  std::string_view modifier;
};

Comparison split(std::string_view comp) {
  const std::size_t blank = comp.find_first_of(kBlanks);
  if (blank == std::string_view::npos) return {comp, {}};
  return {comp.substr(0, blank), comp.substr(comp.find_first_not_of(kBlanks, blank))};
}

bool is_known(Comparison comp) {
  if (!comp.modifier.empty()) return has(kTextOperators, comp.op) && has(kModifiers, comp.modifier);
  return has(kListOperators, comp.op) || has(kTextOperators, comp.op) || has(kNumberOperators, comp.op);
}

// Whether the right side is a list in parentheses.
bool takes_list(Comparison comp) { return !comp.modifier.empty() || has(kListOperators, comp.op); }

std::string operator_hint(std::string_view op) {
  std::vector<std::string_view> names(kListOperators.begin(), kListOperators.end());
  names.insert(names.end(), kTextOperators.begin(), kTextOperators.end());
  return did_you_mean(op, names);
}

void append_quoted(LocatedText& to, const LocatedText& value, Place from) {
  const std::string& text = value.text();
  const bool bare = !text.empty() && (text[0] == '"' || text[0] == '\'' || text[0] == '(' ||
                                      text.find_first_of(kBlanks) == std::string::npos);
  if (!bare) to.append("\"", from);
  to.append(value);
  if (!bare) to.append("\"", from);
}

void append_list(LocatedText& to, const std::vector<ExceptionValue>& values, Place from) {
  to.append("(", from);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) to.append(", ", from);
    append_quoted(to, values[i].text, values[i].place);
  }
  to.append(")", from);
}

void append_value(LocatedText& to, std::string_view comp, const ExceptionValue& value) {
  if (value.is_list) return append_list(to, value.items, value.place);
  const bool wrap = takes_list(split(comp)) && !value.text.text().starts_with('(');
  if (wrap) to.append("(", value.place);
  append_quoted(to, value.text, value.place);
  if (wrap) to.append(")", value.place);
}

// (f1 c1 v1 and f2 c2 v2 ...)
void append_row(LocatedText& to, const RuleException& exception, const ExceptionValue& row) {
  to.append("(", row.place);
  for (std::size_t i = 0; i < exception.fields.size() && i < row.items.size(); ++i) {
    if (i > 0) to.append(" and ", row.place);
    to.append(exception.fields[i]);
    to.append(" ", row.place);
    to.append(exception.comps[i]);
    to.append(" ", row.place);
    append_value(to, exception.comps[i].text(), row.items[i]);
  }
  to.append(")", row.place);
}

void append_exception(LocatedText& to, const RuleException& exception) {
  to.append(" and not ", exception.place);
  if (!exception.is_list) {
    to.append(exception.fields[0]);
    to.append(" ", exception.place);
    to.append(exception.comps[0]);
    to.append(" ", exception.place);
    return append_list(to, exception.values, exception.place);
  }
  to.append("(", exception.place);
  for (std::size_t i = 0; i < exception.values.size(); ++i) {
    if (i > 0) to.append(" or ", exception.place);
    append_row(to, exception, exception.values[i]);
  }
  to.append(")", exception.place);
}

std::vector<LocatedText> texts_of(const ExceptionValue& value) {
  if (!value.is_list) return {value.text};
  std::vector<LocatedText> texts;
  for (const ExceptionValue& item : value.items) texts.push_back(item.text);
  return texts;
}

}  // namespace

bool ExceptionChecker::error(const std::string& name, std::string message, Place place, std::string hint) {
  auto context = context_;
  context.push_back({"exception", name, place});
  findings_.push_back({Code::kErrValidate, std::move(message), std::move(hint), place, std::move(context)});
  return false;
}

void ExceptionChecker::warn(Code code, const std::string& name, std::string message, Place place) {
  auto context = context_;
  context.push_back({"exception", name, place});
  findings_.push_back({code, std::move(message), {}, place, std::move(context)});
}

bool ExceptionChecker::define(const std::vector<ExceptionItem>& items, std::vector<RuleException>& into) {
  bool good = true;
  into.clear();
  for (const ExceptionItem& item : items) {
    if (std::ranges::find(into, item.name, &RuleException::name) != into.end()) {
      warn(Code::kExceptionNameNotUnique, item.name,
           fmt::format("exception '{}' was defined before; both apply", item.name), item.place);
    }
    good = make(item, into) && good;
  }
  return good;
}

bool ExceptionChecker::append(const std::vector<ExceptionItem>& items, std::vector<RuleException>& into) {
  bool good = true;
  for (const ExceptionItem& item : items) {
    const auto found = std::ranges::find(into, item.name, &RuleException::name);
    if (found != into.end()) {
      good = add_values(item, *found) && good;
    } else if (!item.fields || !item.values) {
      good = error(
          item.name,
          fmt::format("exception '{}' is new and has no {}", item.name, item.fields ? "values" : "fields"),
          item.place);
    } else {
      good = make(item, into) && good;
    }
  }
  return good;
}

bool ExceptionChecker::make(const ExceptionItem& item, std::vector<RuleException>& into) {
  RuleException made;
  made.name = item.name;
  made.place = item.place;
  made.is_list = item.fields->is_list;
  made.fields = texts_of(*item.fields);
  if (made.fields.empty())
    return error(item.name, "an exception needs at least one field", item.fields->place);
  if (item.comps) {
    if (item.comps->is_list != made.is_list) {
      return error(item.name, "'fields' and 'comps' must both be a text or both be a list",
                   item.comps->place);
    }
    made.comps = texts_of(*item.comps);
    if (made.comps.size() != made.fields.size()) {
      return error(item.name, fmt::format("{} comps for {} fields", made.comps.size(), made.fields.size()),
                   item.comps->place);
    }
    for (LocatedText& comp : made.comps) comp.trim();
  } else {
    made.comps.assign(made.fields.size(), LocatedText(made.is_list ? "=" : "in", item.fields->place));
  }
  bool good = check_fields(made);
  good = check_comps(made) && good;
  if (item.values) {
    for (const ExceptionValue& value : *item.values) good = check_value(made, value) && good;
    made.values = *item.values;
  }
  into.push_back(std::move(made));
  return good;
}

bool ExceptionChecker::add_values(const ExceptionItem& item, RuleException& to) {
  if (item.fields || item.comps) {
    const Place place = item.fields ? item.fields->place : item.comps->place;
    return error(item.name, fmt::format("exception '{}' exists: only values can be added", item.name), place,
                 "leave out 'fields' and 'comps'");
  }
  if (!item.values || item.values->empty()) {
    warn(Code::kAppendNoValues, item.name, fmt::format("nothing to add to exception '{}'", item.name),
         item.place);
    return true;
  }
  bool good = true;
  for (const ExceptionValue& value : *item.values) good = check_value(to, value) && good;
  to.values.insert(to.values.end(), item.values->begin(), item.values->end());
  return good;
}

bool ExceptionChecker::check_fields(const RuleException& exception) {
  if (catalogue_ == nullptr) return true;
  bool good = true;
  for (const LocatedText& field : exception.fields) {
    const ParsedOperand parsed = parse_operand_prefix(field.text());
    if (!parsed.operand || parsed.length != field.size()) {
      good = error(exception.name, fmt::format("'{}' is not a field", field.text()),
                   field.place(0, field.size()));
      continue;
    }
    for (const CompileProblem& problem : check_operand(*parsed.operand, *catalogue_)) {
      good = error(exception.name, problem.message, field.place(0, field.size()),
                   did_you_mean(problem.suggestion));
    }
  }
  return good;
}

bool ExceptionChecker::check_comps(const RuleException& exception) {
  bool good = true;
  for (const LocatedText& comp : exception.comps) {
    const Comparison parts = split(comp.text());
    const Place place = comp.place(0, comp.size());
    if (!is_known(parts)) {
      good = error(exception.name, fmt::format("unknown operator '{}'", comp.text()), place,
                   operator_hint(parts.op));
    } else if (!exception.is_list && !takes_list(parts)) {
      good = error(exception.name,
                   fmt::format("'{}' compares with one value; an exception on one field has a list of them",
                               comp.text()),
                   place, "use in, intersects, pmatch, or a modifier such as 'startswith oneof'");
    }
  }
  return good;
}

bool ExceptionChecker::check_value(const RuleException& exception, const ExceptionValue& value) {
  if (!exception.is_list) {
    if (!value.is_list) return true;
    return error(exception.name, "the exception has one field, so each value must be a text, not a list",
                 value.place);
  }
  if (!value.is_list) {
    return error(exception.name, "the exception has a list of fields, so each value must be a list",
                 value.place);
  }
  if (value.items.size() != exception.fields.size()) {
    return error(exception.name,
                 fmt::format("{} values for {} fields", value.items.size(), exception.fields.size()),
                 value.place);
  }
  for (const ExceptionValue& item : value.items) {
    if (std::ranges::any_of(item.items, &ExceptionValue::is_list)) {
      return error(exception.name, "values are nested too deeply", item.place);
    }
  }
  return true;
}

LocatedText with_exceptions(const LocatedText& condition, const std::vector<RuleException>& exceptions) {
  if (exceptions.empty()) return condition;
  LocatedText text("(", condition.place(0, 1));
  text.append(condition);
  text.append(")", condition.place(condition.size(), condition.size()));
  for (const RuleException& exception : exceptions) {
    if (!exception.values.empty()) append_exception(text, exception);
  }
  return text;
}

}  // namespace saker::rules
