// Holds the compiled evaluator against the tree walk of reference_interpreter.h: random rules that share
// parts, random values (none too), several events one after the other.
//
// Rules and values are drawn from a list of random numbers; when it is used up every choice is the first
// one, so that shrinking the list shrinks the rules.
#include <absl/container/flat_hash_map.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "fields/names.h"
#include "rules/compile.h"
#include "rules/reference_interpreter.h"
#include "rules/rule_set.h"
#include "rules/test_catalogue.h"

namespace saker::rules {
namespace {

using fields::ArgumentKind;
using fields::Type;
using fields::Value;
using reference::Plain;

struct Row {
  std::string_view name;
  Type type;
  bool is_list = false;
  bool by_name = false;
  bool any = false;
};

constexpr std::array kRows = {
    Row{"evt.type", Type::kText},
    Row{"container.id", Type::kText},
    Row{"t.name", Type::kText},
    Row{"t.path", Type::kPath, false, true},
    Row{"t.base", Type::kText, false, true},
    Row{"t.bytes", Type::kBytes},
    Row{"t.flag", Type::kBool},
    Row{"t.int", Type::kInt64},
    Row{"t.byte", Type::kUint8, false, true},
    Row{"t.uint", Type::kUint64},
    Row{"t.port", Type::kPort},
    Row{"t.ip", Type::kIpAddress},
    Row{"t.net", Type::kIpNetwork},
    Row{"t.words", Type::kText, true},
    Row{"t.numbers", Type::kUint64, true},
    Row{"t.chain", Type::kText, false, false, true},
};
constexpr std::size_t kEventType = 0, kContainerId = 1, kFirstFree = 2;

const fields::Catalogue& catalogue() {
  static const fields::Catalogue made([] {
    std::vector<fields::Field> rows;
    for (const Row& row : kRows) {
      rows.push_back({.name = row.name,
                      .type = row.type,
                      .argument = row.any ? ArgumentKind::kOptionalIndex : ArgumentKind::kNone,
                      .flags = row.is_list ? fields::kList : fields::kNoFlags,
                      .any_when_bare = row.any,
                      .by_name = row.by_name});
    }
    return TestValues::with_readers(std::move(rows));
  }());
  return made;
}

const Row& row_of(std::string_view name) { return *std::ranges::find(kRows, name, &Row::name); }
std::size_t index_of(std::string_view name) { return static_cast<std::size_t>(&row_of(name) - kRows.data()); }

bool is_text(Type type) { return type == Type::kText || type == Type::kPath; }
bool is_number(Type type) { return type >= Type::kInt8 && type <= Type::kPort && type != Type::kDouble; }

class Choices {
 public:
  explicit Choices(std::vector<std::uint8_t> numbers) : numbers_(std::move(numbers)) {}

  std::size_t below(std::size_t count) { return at_ < numbers_.size() ? numbers_[at_++] % count : 0; }
  template <class T>
  auto of(std::initializer_list<T> options) {
    return options.begin()[below(options.size())];
  }
  bool one_in(std::size_t count) { return below(count) + 1 == count; }
  bool empty() const { return at_ >= numbers_.size(); }

 private:
  std::vector<std::uint8_t> numbers_;
  std::size_t at_ = 0;
};

Operand constant(std::string text) { return {Operand::Constant{std::move(text), true}, {}}; }

// Conditions that compile.
class Author {
 public:
  explicit Author(Choices& choices) : choices_(choices) {
    for (int i = 0; i < 3; ++i) macros_.push_back(condition(2));
  }

  NodePtr condition(int depth) {
    auto node = std::make_unique<Node>();
    switch (depth == 0 ? choices_.below(2) : choices_.below(7)) {
      case 1:
        if (macros_.empty()) break;
        return clone(*macros_[choices_.below(macros_.size())]);
      case 2:
      case 3: node->value = Node::Not{condition(depth - 1)}; return node;
      case 4: node->value = Node::And{terms(depth - 1)}; return node;
      case 5:
      case 6: node->value = Node::Or{terms(depth - 1)}; return node;
      default: break;
    }
    node->value = check();
    return node;
  }

 private:
  struct Left {
    Operand operand;
    Type type;
    bool is_list, any;
  };

  std::vector<NodePtr> terms(int depth) {
    std::vector<NodePtr> terms;
    for (std::size_t i = 0, count = 2 + choices_.below(3); i < count; ++i) terms.push_back(condition(depth));
    return terms;
  }

  static Operand field(std::string_view name) { return {Operand::FieldName{std::string(name), {}}, {}}; }
  static Operand call(Transformer transformer, std::vector<Operand> arguments) {
    return {Operand::Call{transformer, std::move(arguments), {}}, {}};
  }

  Left plain_left() {
    const Row& row = kRows[choices_.below(kRows.size())];
    if (!row.any || choices_.below(2) == 0) return {field(row.name), row.type, row.is_list, row.any};
    return {{Operand::FieldName{std::string(row.name), "1"}, {}}, row.type, false, false};
  }

  Operand single_text(int depth) {
    if (depth > 0 && choices_.below(3) == 1) {
      const auto transformer = choices_.of({Transformer::kToLower, Transformer::kToUpper, Transformer::kBasename});
      return call(transformer, some(single_text(depth - 1)));
    }
    return choices_.below(3) == 2 ? constant("/Ab") : field(choices_.of<std::string_view>({"t.name", "t.path", "t.base"}));
  }

  template <class... T>
  static std::vector<Operand> some(T... operands) {
    std::vector<Operand> all;
    (all.push_back(std::move(operands)), ...);
    return all;
  }

  Left left() {
    if (!choices_.one_in(4)) return plain_left();
    switch (choices_.below(6)) {
      case 0: return {call(Transformer::kToLower, some(single_text(2))), Type::kText, false, false};
      case 1: return {call(Transformer::kBasename, some(field("t.words"))), Type::kText, true, false};
      case 2: return {call(Transformer::kToUpper, some(field("t.chain"))), Type::kText, false, true};
      case 3: {
        auto measured = choices_.below(2) == 0 ? field("t.words") : single_text(1);
        return {call(Transformer::kLen, some(std::move(measured))), Type::kUint64, false, false};
      }
      case 4:
        return {call(Transformer::kConcat, some(single_text(1), constant("/"), single_text(1))), Type::kText, false,
                false};
      default: break;
    }
    Operand joined = choices_.below(2) == 0 ? field("t.numbers")
                                            : Operand{Operand::Tuple{some(single_text(1), field("t.int"))}, {}};
    return {call(Transformer::kJoin, some(constant("-"), std::move(joined))), Type::kText, false, false};
  }

  Operator operator_for(const Left& left) {
    using enum Operator;
    if (left.is_list) return choices_.of({kIn, kIntersects, kExists});
    if (is_text(left.type)) {
      return choices_.of({kEq, kNe, kIn, kIntersects, kPmatch, kExists, kStartswith, kEndswith, kContains, kIcontains,
                          kGlob, kIglob, kRegex, kLt, kLe, kGt, kGe});
    }
    if (left.type == Type::kBytes) {
      return choices_.of({kEq, kNe, kIn, kIntersects, kExists, kStartswith, kEndswith, kContains, kBcontains,
                          kBstartswith});
    }
    if (is_number(left.type)) return choices_.of({kEq, kNe, kIn, kIntersects, kExists, kLt, kLe, kGt, kGe});
    return choices_.of({kEq, kNe, kIn, kIntersects, kExists});
  }

  Operand constant_for(Type type, Operator op) {
    using S = std::string_view;
    S text;
    if (op == Operator::kBcontains || op == Operator::kBstartswith) {
      text = choices_.of<S>({"61", "", "2F61", "6262"});
    } else if (op == Operator::kRegex) {
      text = choices_.of<S>({"a*", "/?[ab]+(/b)?", "(a|B)*", ".*b", "x?"});
    } else if (type == Type::kBool) {
      text = choices_.of<S>({"true", "false"});
    } else if (type == Type::kIpAddress) {
      text = choices_.of<S>({"10.0.0.1", "10.0.0.2", "::1"});
    } else if (type == Type::kIpNetwork) {
      text = choices_.of<S>({"10.0.0.0/8", "10.0.0.2/31", "0.0.0.0/0", "::/100", "10.0.0.1/32"});
    } else if (type == Type::kPort) {
      text = choices_.of<S>({"0", "1", "2", "65535", "65537"});
    } else if (is_number(type)) {
      text = choices_.of<S>({"0", "1", "2", "-1", "257", "+3"});
    } else {
      text = choices_.of<S>({"a", "", "A", "/a", "/a/b", "a/b/", "B*", "/?/*", "[a-b]*", "/", "\\a", "1-2", "host"});
    }
    return constant(std::string(text));
  }

  Operand event_type_constant() {
    return constant(choices_.of<std::string>({"openat", "open", "execve", "procexit"}));
  }

  // The other side is a field of the same kind, when the operator and the left side allow one.
  bool take_value(Node::Check& check, const Left& left) {
    if (check.op == Operator::kExists || check.op == Operator::kRegex || check.op == Operator::kPmatch) return false;
    if (check.op == Operator::kBcontains || check.op == Operator::kBstartswith) return false;
    if (check.op == Operator::kGlob || check.op == Operator::kIglob || !choices_.one_in(5)) return false;
    if (left.is_list) {
      check.right.push_back(field(left.type == Type::kText ? "t.words" : "t.numbers"));
    } else if (is_text(left.type)) {
      check.right.push_back(choices_.below(2) == 0 ? field("t.base") : call(Transformer::kToLower, some(single_text(1))));
    } else if (left.type == Type::kUint64) {
      check.right.push_back(field("t.uint"));
    } else {
      return false;
    }
    return true;
  }

  Node::Check check() {
    using enum Operator;
    const Left side = left();
    Node::Check check;
    const auto* name = std::get_if<Operand::FieldName>(&side.operand.value);
    const bool is_type = name != nullptr && name->name == "evt.type";
    check.left = side.operand;
    check.op = operator_for(side);
    if (check.op == kExists || (!is_type && take_value(check, side))) return check;
    const bool listed = check.op == kIn || check.op == kIntersects || check.op == kPmatch;
    const bool order = check.op == kLt || check.op == kLe || check.op == kGt || check.op == kGe;
    if (!listed && !order && side.type != Type::kIpNetwork && choices_.one_in(5)) {
      check.modifier = choices_.of({Modifier::kAnyOf, Modifier::kOneOf, Modifier::kAllOf});
    }
    check.right_is_list = listed || check.modifier != Modifier::kNone;
    const std::size_t count = check.right_is_list ? choices_.below(4) : 1;
    for (std::size_t i = 0; i < count; ++i) {
      check.right.push_back(is_type ? event_type_constant() : constant_for(side.type, check.op));
    }
    return check;
  }

  Choices& choices_;
  std::vector<NodePtr> macros_;
};

// An event: what each field has under each name of its file.
struct Moment {
  event::Event event;
  std::array<std::array<Plain, fields::kNameKinds>, kRows.size()> values;
};

Plain random_value(Choices& choices, const Row& row) {
  using S = std::string_view;
  if (choices.one_in(5)) return {};
  if (row.is_list || row.any) {
    Plain list = reference::list({});
    for (std::size_t i = choices.below(4); i > 0; --i) {
      Plain item = random_value(choices, {row.name, row.type});
      if (!item.missing()) list.items.push_back(std::move(item));
    }
    return list;
  }
  if (row.type == Type::kBool) return reference::number(fields::Kind::kBool, choices.below(2));
  if (row.type == Type::kInt64) return reference::number(fields::Kind::kInt, choices.of<std::uint64_t>({0, 1, 2, ~0ULL}));
  if (row.type == Type::kUint8) return reference::number(fields::Kind::kUint, choices.of<std::uint64_t>({0, 1, 2, 255}));
  if (row.type == Type::kPort) return reference::number(fields::Kind::kUint, choices.of<std::uint64_t>({0, 1, 65535}));
  if (row.type == Type::kUint64) {
    return reference::number(fields::Kind::kUint, choices.of<std::uint64_t>({0, 1, 2, 3, ~0ULL}));
  }
  if (row.type == Type::kIpAddress || row.type == Type::kIpNetwork) {
    return reference::ip(choices.of<S>({"10.0.0.1", "10.0.0.3", "11.0.0.1", "::1", "1000::"}));
  }
  if (row.type == Type::kBytes) return reference::text(choices.of<S>({"a", "", "/a", "bbb"}));
  return reference::text(choices.of<S>({"a", "", "A", "/a", "/a/b/c", "a/B", "Bx", "/x//y/", "host", "1-2", "abab"}));
}

event::Text random_name(Choices& choices) {
  const auto name = choices.of<std::string_view>({"", "/1", "/2", "/3"});
  return {name, !name.empty(), false};
}

Moment random_moment(Choices& choices) {
  Moment moment;
  moment.event.type = choices.of({event::kOpenat, event::kOpen, event::kExecve, event::kProcexit});
  event::File file;
  file.name = {"/1", true, false};
  file.resolved = random_name(choices);
  file.inner = random_name(choices);
  if (moment.event.type != event::kProcexit) moment.event.body = file;
  for (std::size_t row = kFirstFree; row < kRows.size(); ++row) {
    for (Plain& value : moment.values[row]) {
      const bool first = &value == moment.values[row].data();
      value = first || kRows[row].by_name ? random_value(choices, kRows[row]) : moment.values[row][0];
    }
  }
  moment.values[kEventType].fill(reference::text(event::type_name(moment.event.type)));
  moment.values[kContainerId].fill(reference::text(choices.of<std::string_view>({"host", "a", "", "0123456789ab"})));
  return moment;
}

// Values as the evaluator gets them; texts are views into `plain`.
Value shown(const Plain& plain, std::deque<std::vector<Value>>& lists) {
  switch (plain.kind) {
    case fields::Kind::kText: return Value::text(plain.text);
    case fields::Kind::kIp: return Value::ip(plain.text);
    case fields::Kind::kBool: return Value::boolean(plain.number != 0);
    case fields::Kind::kInt: return Value::integer(static_cast<std::int64_t>(plain.number));
    case fields::Kind::kUint: return Value::unsigned_integer(plain.number);
    case fields::Kind::kMissing: return {};
    case fields::Kind::kList: break;
  }
  std::vector<Value> items;
  for (const Plain& item : plain.items) items.push_back(shown(item, lists));
  return Value::list(lists.emplace_back(std::move(items)));
}

// t.chain[1] is the second of the chain.
Plain element(const Plain& list, std::size_t at) { return list.items.size() > at ? list.items[at] : Plain(); }

void publish(const Moment& moment, std::deque<Plain>& elements, std::deque<std::vector<Value>>& lists) {
  TestValues::clear();
  for (std::size_t row = 0; row < kRows.size(); ++row) {
    for (std::size_t name = 0; name < fields::kNameKinds; ++name) {
      TestValues::set(row, shown(moment.values[row][name], lists), "", name);
    }
    if (!kRows[row].any) continue;
    TestValues::set(row, shown(elements.emplace_back(element(moment.values[row][0], 1)), lists), "1");
  }
}

reference::Read reader(const Moment& moment, std::size_t name) {
  return [&moment, name](const Operand::FieldName& field) {
    const Row& row = row_of(field.name);
    const Plain& value = moment.values[index_of(field.name)][name];
    if (field.argument) return reference::Reading{row.type, false, false, element(value, 1)};
    return reference::Reading{row.type, row.is_list, row.any, value};
  };
}

std::string listed(std::span<const Evaluator::Match> matches) {
  std::string text;
  for (const Evaluator::Match& match : matches) text += fmt::format("{}@{} ", match.rule, match.name_index);
  return text;
}

// Each rule that holds, with the lowest name that it holds under.
std::vector<Evaluator::Match> expected(const std::vector<NodePtr>& trees, const Moment& moment) {
  Arena arena;
  const auto* file = std::get_if<event::File>(&moment.event.body);
  const bool named = file != nullptr && moment.event.is_open();
  const std::uint8_t names = named ? fields::distinct_names(*file, arena) : 1;
  std::vector<Evaluator::Match> matches;
  for (std::uint32_t rule = 0; rule < trees.size(); ++rule) {
    for (std::uint8_t name = 0; name < fields::kNameKinds; ++name) {
      if ((names >> name & 1) == 0 || !reference::holds(*trees[rule], reader(moment, name))) continue;
      matches.push_back({rule, name});
      break;
    }
  }
  return matches;
}

std::vector<EnabledRule> compiled(const std::vector<NodePtr>& trees) {
  std::vector<EnabledRule> rules;
  for (const NodePtr& tree : trees) {
    CompileResult result = compile_condition(*tree, catalogue());
    for (const CompileProblem& problem : result.problems) RC_FAIL(print(*tree) + ": " + problem.message);
    EnabledRule rule;
    rule.condition = std::move(result.condition);
    rule.event_types = std::move(result.event_types);
    rules.push_back(std::move(rule));
  }
  return rules;
}

// Both evaluators, and what the analyses of a rule set promise, on one event.
void judge(const std::vector<NodePtr>& trees, const Moment& moment, const RuleSet& first, const RuleSet& all,
           std::array<Evaluator*, 2> evaluators) {
  std::deque<std::vector<Value>> lists;
  std::deque<Plain> elements;
  publish(moment, elements, lists);
  fields::Subject subject;
  subject.event = &moment.event;
  auto wanted = expected(trees, moment);
  Arena arena;
  const std::string what(event::type_name(moment.event.type));
  RC_LOG() << what << '\n';
  RC_ASSERT(listed(evaluators[1]->evaluate(subject, arena)) == listed(wanted));
  const bool on_host = moment.values[kContainerId][0].text == "host";
  for (const Evaluator::Match& match : wanted) {
    const auto& types = all.rules()[match.rule].event_types;
    RC_ASSERT(std::ranges::find(types, moment.event.type) != types.end());
    for (const RuleSet* rules : {&first, &all}) {
      const EventScope scope = rules->scope(moment.event.type);
      RC_ASSERT(on_host ? scope.host : scope.container);
    }
  }
  wanted.resize(std::min<std::size_t>(wanted.size(), 1));
  RC_ASSERT(listed(evaluators[0]->evaluate(subject, arena)) == listed(wanted));
}

TEST(EvaluatorProperty, AgreesWithTheTreeWalk) {
  std::size_t matched = 0, missed = 0;
  const bool good = rc::check([&] {
    const auto numbers = *rc::gen::resize(2'000, rc::gen::arbitrary<std::vector<std::uint8_t>>());
    Choices choices(numbers);
    Author author(choices);
    std::vector<NodePtr> trees;
    for (std::size_t i = 1 + choices.below(5); i > 0; --i) trees.push_back(author.condition(4));
    for (const NodePtr& tree : trees) RC_LOG() << print(*tree) << '\n';
    const RuleSet first(compiled(trees), Matching::kFirst), all(compiled(trees), Matching::kAll);
    Evaluator first_evaluator(first), all_evaluator(all);
    for (int i = 0; i < 6; ++i) {
      const Moment moment = random_moment(choices);
      judge(trees, moment, first, all, {&first_evaluator, &all_evaluator});
      const std::size_t count = expected(trees, moment).size();
      matched += count;
      missed += trees.size() - count;
    }
  });
  EXPECT_TRUE(good);
  // Were everything true or everything false, nothing would have been compared.
  EXPECT_GT(matched, 100U);
  EXPECT_GT(missed, 100U);
}

}  // namespace
}  // namespace saker::rules
