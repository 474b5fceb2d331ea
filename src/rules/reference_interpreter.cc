#include "rules/reference_interpreter.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <regex.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <utility>

namespace saker::rules::reference {
namespace {

using fields::Kind;
using fields::Type;

bool is_signed(Type type) { return type >= Type::kInt8 && type <= Type::kInt64; }
bool is_text(Type type) { return type == Type::kText || type == Type::kPath || type == Type::kBytes; }

std::string mapped(std::string text, int (*map)(int)) {
  for (char& c : text) c = static_cast<char>(map(static_cast<unsigned char>(c)));
  return text;
}

std::vector<std::string> components(const std::string& path) {
  std::vector<std::string> parts;
  std::string part;
  for (const char c : path + "/") {
    if (c != '/') {
      part += c;
    } else if (!part.empty()) {
      parts.push_back(std::exchange(part, {}));
    }
  }
  return parts;
}

bool is_path_prefix(const std::string& item, const std::string& path) {
  const auto wanted = components(item), given = components(path);
  if (wanted.size() > given.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const bool pattern = wanted[i].find_first_of("*?[") != std::string::npos;
    const bool fits = pattern ? ::fnmatch(wanted[i].c_str(), given[i].c_str(), 0) == 0 : wanted[i] == given[i];
    if (!fits) return false;
  }
  return true;
}

bool regex_matches(const std::string& pattern, const std::string& text) {
  regex_t compiled{};
  if (::regcomp(&compiled, ("^(" + pattern + ")$").c_str(), REG_EXTENDED | REG_NOSUB) != 0) return false;
  const bool found = ::regexec(&compiled, text.c_str(), 0, nullptr, 0) == 0;
  ::regfree(&compiled);
  return found;
}

std::string from_hex(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes += static_cast<char>(std::strtol(digits.substr(i, 2).c_str(), nullptr, 16));
  }
  return bytes;
}

bool compare(Operator op, int order) {
  switch (op) {
    case Operator::kEq: return order == 0;
    case Operator::kNe: return order != 0;
    case Operator::kLt: return order < 0;
    case Operator::kLe: return order <= 0;
    case Operator::kGt: return order > 0;
    case Operator::kGe: return order >= 0;
    default: return false;
  }
}

bool text_check(Operator op, const std::string& left, const std::string& right) {
  switch (op) {
    case Operator::kContains: return left.find(right) != std::string::npos;
    case Operator::kIcontains: return mapped(left, std::tolower).find(mapped(right, std::tolower)) != std::string::npos;
    case Operator::kBcontains: return left.find(from_hex(right)) != std::string::npos;
    case Operator::kStartswith: return left.substr(0, right.size()) == right;
    case Operator::kBstartswith: return left.substr(0, right.size() / 2) == from_hex(right);
    case Operator::kEndswith:
      return left.size() >= right.size() && left.substr(left.size() - right.size()) == right;
    case Operator::kGlob: return ::fnmatch(right.c_str(), left.c_str(), 0) == 0;
    case Operator::kIglob: return ::fnmatch(right.c_str(), left.c_str(), FNM_CASEFOLD) == 0;
    case Operator::kRegex: return regex_matches(right, left);
    case Operator::kPmatch: return is_path_prefix(right, left);
    default: return compare(op, left.compare(right));
  }
}

template <class T>
int order(T left, T right) {
  return left < right ? -1 : left > right ? 1 : 0;
}

int number_order(Type type, std::uint64_t left, std::uint64_t right) {
  if (is_signed(type)) return order(static_cast<std::int64_t>(left), static_cast<std::int64_t>(right));
  return order(left, right);
}

bool in_network(const std::string& network, const std::string& address) {
  const std::size_t slash = network.find('/');
  const std::string base = ip(network.substr(0, slash)).text;
  if (base.size() != address.size()) return false;
  const std::size_t prefix = std::strtoul(network.c_str() + slash + 1, nullptr, 10);
  for (std::size_t bit = 0; bit < prefix; ++bit) {
    const auto of = [&](const std::string& bytes) { return bytes[bit / 8] >> (7 - bit % 8) & 1; };
    if (of(base) != of(address)) return false;
  }
  return true;
}

std::uint64_t number_of(Type type, const std::string& constant) {
  if (type == Type::kBool) return constant == "true" ? 1 : 0;
  const auto wide = static_cast<std::uint64_t>(std::strtoll(constant.c_str(), nullptr, 10));
  return type == Type::kUint8 ? wide & 0xff : type == Type::kPort ? wide & 0xffff : wide;
}

// One value that is there, one constant, an operator that takes one.
bool check_one(Type type, Operator op, const Plain& value, const std::string& constant) {
  if (is_text(type)) return text_check(op, value.text, constant);
  if (type == Type::kIpAddress) return compare(op, value.text == ip(constant).text ? 0 : 1);
  if (type == Type::kIpNetwork) return compare(op, in_network(constant, value.text) ? 0 : 1);
  return compare(op, number_order(type, value.number, number_of(type, constant)));
}

bool check_single(const Node::Check& check, Type type, const Plain& value, const std::vector<std::string>& constants) {
  const bool in = check.op == Operator::kIn || check.op == Operator::kIntersects;
  const Operator op = in ? Operator::kEq : check.op;
  const auto fits = [&](const std::string& constant) { return check_one(type, op, value, constant); };
  switch (check.modifier) {
    case Modifier::kAllOf: return !constants.empty() && std::ranges::all_of(constants, fits);
    case Modifier::kOneOf: return std::ranges::count_if(constants, fits) == 1;
    default: return std::ranges::any_of(constants, fits);
  }
}

bool check_values(Operator op, Type type, const Plain& left, const Plain& right) {
  if (left.missing() || right.missing()) return false;
  if (op != Operator::kIn && op != Operator::kIntersects) {
    if (is_text(type)) return text_check(op, left.text, right.text);
    if (left.kind == Kind::kIp) return compare(op, left.text == right.text ? 0 : 1);
    return compare(op, number_order(type, left.number, right.number));
  }
  const std::vector<Plain> lefts = left.kind == Kind::kList ? left.items : std::vector{left};
  const std::vector<Plain> rights = right.kind == Kind::kList ? right.items : std::vector{right};
  const auto known = [&](const Plain& item) {
    return std::ranges::any_of(rights, [&](const Plain& r) { return check_values(Operator::kEq, type, item, r); });
  };
  if (rights.empty()) return false;
  return op == Operator::kIn ? std::ranges::all_of(lefts, known) : std::ranges::any_of(lefts, known);
}

Reading reading_of(const Operand& operand, const Read& read);

std::string printed(const Plain& value) {
  if (value.kind == Kind::kInt) return std::to_string(static_cast<std::int64_t>(value.number));
  return value.kind == Kind::kUint ? std::to_string(value.number) : value.text;
}

Plain transformed(Transformer transformer, const Plain& value) {
  if (value.kind == Kind::kList) {
    Plain all = list({});
    for (const Plain& item : value.items) all.items.push_back(transformed(transformer, item));
    return all;
  }
  if (transformer == Transformer::kToLower) return text(mapped(value.text, std::tolower));
  if (transformer == Transformer::kToUpper) return text(mapped(value.text, std::toupper));
  return text(value.text.substr(value.text.rfind('/') + 1));
}

Reading call(const Operand::Call& call, const Read& read) {
  std::vector<Reading> arguments;
  bool missing = false;
  for (const Operand& operand : call.arguments) {
    arguments.push_back(reading_of(operand, read));
    missing = missing || arguments.back().value.missing();
  }
  Reading result;
  if (call.transformer == Transformer::kLen) result.type = Type::kUint64;
  const bool maps = call.transformer != Transformer::kLen && call.transformer != Transformer::kConcat &&
                    call.transformer != Transformer::kJoin;
  if (maps) result = {arguments[0].type, arguments[0].is_list, arguments[0].any, {}};
  if (missing) return result;
  const Plain& first = arguments[0].value;
  if (maps) {
    result.value = transformed(call.transformer, first);
  } else if (call.transformer == Transformer::kLen) {
    result.value = number(Kind::kUint, first.kind == Kind::kList ? first.items.size() : first.text.size());
  } else if (call.transformer == Transformer::kConcat) {
    result.value = text("");
    for (const Reading& argument : arguments) result.value.text += argument.value.text;
  } else {
    std::string joined;
    for (const Plain& item : arguments[1].value.items) joined += first.text + printed(item);
    const bool some = !arguments[1].value.items.empty();
    result.value = text(some ? joined.substr(first.text.size()) : joined);
  }
  return result;
}

Reading reading_of(const Operand& operand, const Read& read) {
  if (const auto* name = std::get_if<Operand::FieldName>(&operand.value)) return read(*name);
  if (const auto* constant = std::get_if<Operand::Constant>(&operand.value)) {
    return {Type::kText, false, false, text(constant->text)};
  }
  if (const auto* inner = std::get_if<Operand::Call>(&operand.value)) return call(*inner, read);
  Reading result{Type::kText, true, false, list({})};
  for (const Operand& item : std::get<Operand::Tuple>(operand.value).items) {
    result.value.items.push_back(reading_of(item, read).value);
    if (result.value.items.back().missing()) return {Type::kText, true, false, {}};
  }
  return result;
}

bool check_holds(const Node::Check& check, const Reading& left, const Plain& value, const Read& read) {
  if (value.missing()) return false;
  if (check.op == Operator::kExists) return true;
  if (!check.right_is_list && !std::holds_alternative<Operand::Constant>(check.right[0].value)) {
    return check_values(check.op, left.type, value, reading_of(check.right[0], read).value);
  }
  std::vector<std::string> constants;
  for (const Operand& right : check.right) constants.push_back(std::get<Operand::Constant>(right.value).text);
  if (value.kind != Kind::kList) return check_single(check, left.type, value, constants);
  if (constants.empty()) return false;
  const auto known = [&](const Plain& item) { return check_single(check, left.type, item, constants); };
  return check.op == Operator::kIn ? std::ranges::all_of(value.items, known) : std::ranges::any_of(value.items, known);
}

}  // namespace

Plain text(std::string_view text) { return {Kind::kText, std::string(text), 0, {}}; }
Plain number(Kind kind, std::uint64_t number) { return {kind, {}, number, {}}; }
Plain list(std::vector<Plain> items) { return {Kind::kList, {}, 0, std::move(items)}; }

Plain ip(std::string_view text) {
  const bool v4 = text.find('.') != std::string_view::npos;
  Plain made{Kind::kIp, std::string(v4 ? 4 : 16, '\0'), 0, {}};
  ::inet_pton(v4 ? AF_INET : AF_INET6, std::string(text).c_str(), made.text.data());
  return made;
}

bool holds(const Node& node, const Read& read) {
  if (const auto* all = std::get_if<Node::And>(&node.value)) {
    return std::ranges::all_of(all->terms, [&](const NodePtr& term) { return holds(*term, read); });
  }
  if (const auto* either = std::get_if<Node::Or>(&node.value)) {
    return std::ranges::any_of(either->terms, [&](const NodePtr& term) { return holds(*term, read); });
  }
  if (const auto* negated = std::get_if<Node::Not>(&node.value)) return !holds(*negated->term, read);
  const auto& check = std::get<Node::Check>(node.value);
  const Reading left = reading_of(check.left, read);
  if (!left.any || left.value.missing()) return check_holds(check, left, left.value, read);
  return std::ranges::any_of(left.value.items,
                             [&](const Plain& item) { return check_holds(check, left, item, read); });
}

}  // namespace saker::rules::reference
