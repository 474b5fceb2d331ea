#include "rules/matcher.h"

#include <absl/container/flat_hash_set.h>
#include <absl/strings/string_view.h>
#include <re2/re2.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "rules/ascii.h"
#include "rules/constants.h"
#include "rules/glob.h"
#include "rules/path_trie.h"
#include "rules/text_match.h"

namespace saker::rules {
namespace {

using enum Operator;
using fields::Type;
using fields::Value;

// What a type's constants are read as.
enum class Family : std::uint8_t { kText, kBytes, kNumber, kBool, kIp, kNetwork, kDynamic };

Family family_of(Type type) {
  switch (type) {
    case Type::kText:
    case Type::kPath:
      return Family::kText;
    case Type::kBytes:
      return Family::kBytes;
    case Type::kBool:
      return Family::kBool;
    case Type::kIpAddress:
      return Family::kIp;
    case Type::kIpNetwork:
      return Family::kNetwork;
    case Type::kDynamic:
      return Family::kDynamic;
    default:
      return Family::kNumber;
  }
}

bool one_of(Operator op, std::initializer_list<Operator> set) {
  return std::ranges::find(set, op) != set.end();
}
bool is_equality(Operator op) { return op == kEq || op == kNe; }
bool is_order(Operator op) { return one_of(op, {kLt, kLe, kGt, kGe}); }
bool is_membership(Operator op) { return op == kIn || op == kIntersects; }

template <class T>
bool compare(Operator op, const T& left, const T& right) {
  switch (op) {
    case kEq:
      return left == right;
    case kNe:
      return left != right;
    case kLt:
      return left < right;
    case kLe:
      return left <= right;
    case kGt:
      return left > right;
    case kGe:
      return left >= right;
    default:
      return false;
  }
}

class Exists : public Matcher {
 public:
  Exists() : Matcher(kPresent) {}

 private:
  bool decide(const Value&, Arena&) const override { return true; }
};

class Never : public Matcher {
 public:
  Never() : Matcher(0) {}

 private:
  bool decide(const Value&, Arena&) const override { return false; }
};

class TextCompare : public Matcher {
 public:
  TextCompare(Operator op, std::string constant) : Matcher(kText), op_(op), constant_(std::move(constant)) {}

 private:
  bool decide(const Value& value, Arena&) const override {
    return compare(op_, value.text(), std::string_view(constant_));
  }
  Operator op_;
  std::string constant_;
};

class TextPart : public Matcher {
 public:
  TextPart(Operator op, std::string constant) : Matcher(kText), op_(op), constant_(std::move(constant)) {
    if (op_ == kIcontains) std::ranges::transform(constant_, constant_.begin(), to_lower);
  }

 private:
  bool decide(const Value& value, Arena&) const override {
    switch (op_) {
      case kStartswith:
      case kBstartswith:
        return value.text().starts_with(constant_);
      case kEndswith:
        return value.text().ends_with(constant_);
      case kIcontains:
        return contains_folded(value.text(), constant_);
      default:
        return value.text().find(constant_) != std::string_view::npos;
    }
  }
  Operator op_;
  std::string constant_;
};

class TextGlob : public Matcher {
 public:
  TextGlob(Operator op, std::string_view pattern) : Matcher(kText), glob_(pattern, op == kIglob) {}

 private:
  bool decide(const Value& value, Arena&) const override { return glob_.matches(value.text()); }
  Glob glob_;
};

class TextRegex : public Matcher {
 public:
  explicit TextRegex(const std::string& pattern) : Matcher(kText), expression_(pattern, options()) {}

  std::optional<std::string> problem() const {
    if (expression_.ok()) return std::nullopt;
    return "not a POSIX regular expression: " + expression_.error();
  }

 private:
  static RE2::Options options() {
    RE2::Options options(RE2::POSIX);
    options.set_log_errors(false);
    return options;
  }
  bool decide(const Value& value, Arena& arena) const override {
    const std::string_view text = valid_utf8(value.text(), arena);
    return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), expression_);
  }
  RE2 expression_;
};

class PathPrefix : public Matcher {
 public:
  explicit PathPrefix(const std::vector<std::string>& paths) : Matcher(kText) {
    for (const std::string& path : paths) trie_.add(path);
  }

 private:
  bool decide(const Value& value, Arena&) const override { return trie_.covers(value.text()); }
  PathTrie trie_;
};

class TextIn : public Matcher {
 public:
  TextIn(unsigned kinds, const std::vector<std::string>& constants)
      : Matcher(kinds), constants_(constants.begin(), constants.end()) {
    for (const std::string& constant : constants) lengths_ |= length_bit(constant.size());
  }
  static TextIn texts(const std::vector<std::string>& constants) { return {kText, constants}; }
  static TextIn addresses(const std::vector<std::string>& constants) { return {kIp, constants}; }

 private:
  // Most values are of a length that no constant has, which is cheaper to see than a hash.
  static std::uint64_t length_bit(std::size_t length) {
    return std::uint64_t{1} << std::min<std::size_t>(length, 63);
  }
  bool decide(const Value& value, Arena&) const override {
    const std::string_view text = value.text();
    return (lengths_ & length_bit(text.size())) != 0 &&
           constants_.contains(absl::string_view(text.data(), text.size()));
  }
  absl::flat_hash_set<std::string> constants_;
  std::uint64_t lengths_ = 0;
};

class NumberCompare : public Matcher {
 public:
  NumberCompare(Operator op, std::uint64_t constant, bool with_sign)
      : Matcher(kNumbers), constant_(constant), op_(op), with_sign_(with_sign) {}

 private:
  bool decide(const Value& value, Arena&) const override {
    if (with_sign_) return compare(op_, value.integer(), static_cast<std::int64_t>(constant_));
    return compare(op_, value.unsigned_integer(), constant_);
  }
  std::uint64_t constant_;
  Operator op_;
  bool with_sign_;
};

class NumberIn : public Matcher {
 public:
  explicit NumberIn(const std::vector<std::uint64_t>& constants)
      : Matcher(kNumbers), constants_(constants.begin(), constants.end()) {}

 private:
  bool decide(const Value& value, Arena&) const override {
    return constants_.contains(value.unsigned_integer());
  }
  absl::flat_hash_set<std::uint64_t> constants_;
};

class IpCompare : public Matcher {
 public:
  IpCompare(Operator op, std::string constant) : Matcher(kIp), op_(op), constant_(std::move(constant)) {}

 private:
  bool decide(const Value& value, Arena&) const override {
    return (value.text() == constant_) == (op_ == kEq);
  }
  Operator op_;
  std::string constant_;
};

class InNetworks : public Matcher {
 public:
  InNetworks(Operator op, std::vector<Network> networks)
      : Matcher(kIp), op_(op), networks_(std::move(networks)) {}

 private:
  bool decide(const Value& value, Arena&) const override {
    const bool inside =
        std::ranges::any_of(networks_, [&](const Network& n) { return n.contains(value.text()); });
    return inside != (op_ == kNe);
  }
  Operator op_;
  std::vector<Network> networks_;
};

// oneof, anyof, allof.
class Counted : public Matcher {
 public:
  Counted(Modifier modifier, std::vector<MatcherPtr> items)
      : Matcher(kPresent), modifier_(modifier), items_(std::move(items)) {}

 private:
  bool decide(const Value& value, Arena& arena) const override {
    const auto holds = [&](const MatcherPtr& item) { return item->matches(value, arena); };
    switch (modifier_) {
      case Modifier::kAllOf:
        return !items_.empty() && std::ranges::all_of(items_, holds);
      case Modifier::kOneOf:
        return std::ranges::count_if(items_, holds) == 1;
      default:
        return std::ranges::any_of(items_, holds);
    }
  }
  Modifier modifier_;
  std::vector<MatcherPtr> items_;
};

// Either of two readings of the same constants: the value's own kind decides which one applies.
class EitherKind : public Matcher {
 public:
  EitherKind(MatcherPtr a, MatcherPtr b) : Matcher(kPresent), a_(std::move(a)), b_(std::move(b)) {}

 private:
  bool decide(const Value& value, Arena& arena) const override {
    return (a_ && a_->matches(value, arena)) || (b_ && b_->matches(value, arena));
  }
  MatcherPtr a_, b_;
};

// in: every element is one of the constants; intersects: some element is.
class ListMembers : public Matcher {
 public:
  ListMembers(Operator op, MatcherPtr element) : Matcher(kList), op_(op), element_(std::move(element)) {}

 private:
  bool decide(const Value& value, Arena& arena) const override {
    const auto known = [&](const Value& item) { return element_->matches(item, arena); };
    return op_ == kIn ? std::ranges::all_of(value.list(), known) : std::ranges::any_of(value.list(), known);
  }
  Operator op_;
  MatcherPtr element_;
};

// Reads all constants, noting those that do not suit.
template <class T, class Read>
std::vector<T> read_all(std::span<const std::string> constants, Read read,
                        std::vector<ConstantProblem>& problems) {
  std::vector<T> values;
  values.reserve(constants.size());
  for (std::size_t i = 0; i < constants.size(); ++i) {
    auto value = read(constants[i]);
    if (value) {
      values.push_back(*std::move(value));
    } else {
      problems.push_back({i, std::move(value.error())});
    }
  }
  return values;
}

MatcherPtr text_matcher(Operator op, const std::vector<std::string>& texts,
                        std::vector<ConstantProblem>& problems) {
  if (op == kPmatch) return std::make_shared<PathPrefix>(texts);
  if (is_membership(op)) return std::make_shared<TextIn>(TextIn::texts(texts));
  if (op == kGlob || op == kIglob) return std::make_shared<TextGlob>(op, texts[0]);
  if (op == kRegex) {
    auto regex = std::make_shared<TextRegex>(texts[0]);
    if (auto problem = regex->problem()) problems.push_back({0, *std::move(problem)});
    return regex;
  }
  if (is_equality(op) || is_order(op)) return std::make_shared<TextCompare>(op, texts[0]);
  return std::make_shared<TextPart>(op, texts[0]);
}

MatcherPtr number_matcher(Type type, Operator op, const std::vector<std::uint64_t>& numbers) {
  if (is_membership(op)) return std::make_shared<NumberIn>(numbers);
  return std::make_shared<NumberCompare>(op, numbers[0], is_signed(type));
}

MatcherPtr dynamic_matcher(Operator op, std::span<const std::string> constants,
                           std::vector<ConstantProblem>& problems) {
  MatcherPtr text, number;
  const auto texts = read_all<std::string>(constants, read_text, problems);
  if (problems.empty()) text = text_matcher(op, texts, problems);
  std::vector<ConstantProblem> not_numbers;
  const auto numbers = read_all<std::uint64_t>(
      constants, [](std::string_view digits) { return read_integer(digits, Type::kInt64); }, not_numbers);
  const bool fits = is_equality(op) || is_order(op) || is_membership(op);
  if (fits && (!numbers.empty() || is_membership(op))) number = number_matcher(Type::kInt64, op, numbers);
  return std::make_shared<EitherKind>(text, number);
}

// One operator, constants as it wants them: one, or a list.
MatcherPtr plain_matcher(Type type, Operator op, std::span<const std::string> constants,
                         std::vector<ConstantProblem>& problems) {
  const Family family = family_of(type);
  if (family == Family::kDynamic) return dynamic_matcher(op, constants, problems);
  if (family == Family::kText || family == Family::kBytes) {
    const bool hex = op == kBcontains || op == kBstartswith;
    const auto read = hex ? read_hex : family == Family::kText ? read_text : read_bytes;
    const auto texts = read_all<std::string>(constants, read, problems);
    return problems.empty() ? text_matcher(op, texts, problems) : nullptr;
  }
  if (family == Family::kIp) {
    const auto addresses = read_all<std::string>(constants, read_ip, problems);
    if (!problems.empty()) return nullptr;
    if (is_membership(op)) return std::make_shared<TextIn>(TextIn::addresses(addresses));
    return std::make_shared<IpCompare>(op, addresses[0]);
  }
  if (family == Family::kNetwork) {
    return std::make_shared<InNetworks>(op, read_all<Network>(constants, read_network, problems));
  }
  const auto read = [&](std::string_view text) {
    if (family == Family::kBool) return read_bool(text);
    return type == Type::kPort ? read_port(text) : read_integer(text, type);
  };
  const auto numbers = read_all<std::uint64_t>(constants, read, problems);
  return problems.empty() ? number_matcher(type, op, numbers) : nullptr;
}

MatcherPtr counted_matcher(Type type, Operator op, Modifier modifier, std::span<const std::string> constants,
                           std::vector<ConstantProblem>& problems) {
  std::vector<MatcherPtr> items;
  for (std::size_t i = 0; i < constants.size(); ++i) {
    std::vector<ConstantProblem> own;
    items.push_back(plain_matcher(type, op, constants.subspan(i, 1), own));
    for (ConstantProblem& problem : own) problems.push_back({i, std::move(problem.message)});
  }
  return std::make_shared<Counted>(modifier, std::move(items));
}

bool compare_texts(Operator op, std::string_view left, std::string_view right, Arena& arena) {
  switch (op) {
    case kContains:
      return left.find(right) != std::string_view::npos;
    case kIcontains: {
      char* const lower = arena.allocate(right.size());
      std::transform(right.begin(), right.end(), lower, to_lower);
      return contains_folded(left, {lower, right.size()});
    }
    case kStartswith:
      return left.starts_with(right);
    case kEndswith:
      return left.ends_with(right);
    case kGlob:
      return Glob(right).matches(left);
    case kIglob:
      return Glob(right, true).matches(left);
    default:
      return compare(op, left, right);
  }
}

bool compare_single(Type type, Operator op, const Value& left, const Value& right, Arena& arena) {
  using fields::Kind;
  if (left.missing() || right.missing()) return false;
  const bool left_text = left.kind() == Kind::kText || left.kind() == Kind::kIp;
  const bool right_text = right.kind() == Kind::kText || right.kind() == Kind::kIp;
  if (left_text != right_text || left.kind() == Kind::kList || right.kind() == Kind::kList) return false;
  if (left_text) return compare_texts(op, left.text(), right.text(), arena);
  if (is_signed(type)) return compare(op, left.integer(), right.integer());
  return compare(op, left.unsigned_integer(), right.unsigned_integer());
}

std::span<const Value> as_list(const Value& value) {
  return value.kind() == fields::Kind::kList ? value.list() : std::span(&value, 1);
}

}  // namespace

bool allows(Type type, bool is_list, Operator op) {
  if (op == kExists) return true;
  if (is_list) return is_membership(op);
  switch (family_of(type)) {
    case Family::kText:
    case Family::kDynamic:
      return op != kBcontains && op != kBstartswith;
    case Family::kBytes:
      return is_equality(op) || is_membership(op) ||
             one_of(op, {kContains, kStartswith, kEndswith, kBcontains, kBstartswith});
    case Family::kNumber:
      return is_equality(op) || is_order(op) || is_membership(op);
    default:
      return is_equality(op) || is_membership(op);
  }
}

MadeMatcher make_matcher(Type type, bool is_list, Operator op, Modifier modifier,
                         std::span<const std::string> constants) {
  MadeMatcher made;
  if (op == kExists) {
    made.matcher = std::make_shared<Exists>();
  } else if (constants.empty()) {
    // An empty list contains nothing, not even an empty list.
    made.matcher = std::make_shared<Never>();
  } else if (modifier != Modifier::kNone) {
    made.matcher = counted_matcher(type, op, modifier, constants, made.problems);
  } else {
    made.matcher = plain_matcher(type, op, constants, made.problems);
    if (is_list) made.matcher = std::make_shared<ListMembers>(op, std::move(made.matcher));
  }
  if (!made.problems.empty()) made.matcher.reset();
  return made;
}

bool compares_values(Operator op) { return op != kExists && op != kPmatch && op != kRegex; }

bool compare_values(Type type, Operator op, const Value& left, const Value& right, Arena& arena) {
  if (left.missing() || right.missing()) return false;
  if (!is_membership(op)) return compare_single(type, op, left, right, arena);
  const auto known = [&](const Value& item) {
    return std::ranges::any_of(
        as_list(right), [&](const Value& other) { return compare_single(type, kEq, item, other, arena); });
  };
  if (as_list(right).empty()) return false;
  const auto items = as_list(left);
  return op == kIn ? std::ranges::all_of(items, known) : std::ranges::any_of(items, known);
}

}  // namespace saker::rules
