// The compiled evaluator against a slow one that walks the tree and shares no code with it: random
// conditions on random values, several rules at a time, several events with one evaluator.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <fnmatch.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <optional>
#include <regex>
#include <string>
#include <variant>
#include <vector>

#include "fields/names.h"
#include "rules/condition_parser.h"
#include "rules/rule_set.h"
#include "rules/test_catalogue.h"

namespace saker::rules {
namespace {

using fields::Type;
using fields::Value;
using enum Operator;

enum Row : std::size_t {
  kEventType,
  kText,
  kOther,
  kPath,
  kNumber,
  kPort,
  kFlag,
  kIp,
  kNet,
  kList,
  kAny,
  kContainer
};

const fields::Catalogue& catalogue() {
  static const fields::Catalogue made(TestValues::with_readers({
      {.name = "evt.type", .help = ""},
      {.name = "t.text", .help = ""},
      {.name = "t.other", .help = ""},
      {.name = "t.path", .type = Type::kPath, .by_name = true, .help = ""},
      {.name = "t.number", .type = Type::kInt32, .help = ""},
      {.name = "t.port", .type = Type::kPort, .help = ""},
      {.name = "t.flag", .type = Type::kBool, .help = ""},
      {.name = "t.ip", .type = Type::kIpAddress, .help = ""},
      {.name = "t.net", .type = Type::kIpNetwork, .help = ""},
      {.name = "t.list", .flags = fields::kList, .help = ""},
      {.name = "t.any", .any_when_bare = true, .help = ""},
      {.name = "container.id", .help = ""},
  }));
  return made;
}

// --- The slow evaluator. A value is nothing, a text, a number, or a list of texts.

using Slow = std::variant<std::monostate, std::string, std::int64_t, std::vector<std::string>>;

struct World {
  std::string type;
  std::array<Slow, 12> values;
  std::array<std::string, 3> paths;  // t.path under each name
  std::size_t name = 0;
};

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

Slow slow_value(const Operand& operand, const World& world);

Slow slow_call(const Operand::Call& call, const World& world) {
  std::vector<Slow> arguments;
  for (const Operand& argument : call.arguments) {
    arguments.push_back(slow_value(argument, world));
    if (arguments.back().index() == 0) return {};
  }
  const auto each = [&](auto change) -> Slow {
    if (auto* text = std::get_if<std::string>(&arguments[0])) return change(*text);
    auto texts = std::get<std::vector<std::string>>(arguments[0]);
    for (std::string& text : texts) text = change(text);
    return texts;
  };
  switch (call.transformer) {
    case Transformer::kToLower:
      return each(lower);
    case Transformer::kToUpper:
      return each([](std::string text) {
        for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        return text;
      });
    case Transformer::kBasename:
      return each([](std::string text) { return text.substr(text.find_last_of('/') + 1); });
    case Transformer::kLen:
      if (auto* text = std::get_if<std::string>(&arguments[0]))
        return static_cast<std::int64_t>(text->size());
      return static_cast<std::int64_t>(std::get<std::vector<std::string>>(arguments[0]).size());
    default: {
      std::string joined;
      for (const Slow& argument : arguments) joined += std::get<std::string>(argument);
      return joined;
    }
  }
}

Slow slow_value(const Operand& operand, const World& world) {
  if (auto* constant = std::get_if<Operand::Constant>(&operand.value)) return constant->text;
  if (auto* call = std::get_if<Operand::Call>(&operand.value)) return slow_call(*call, world);
  const std::string& name = std::get<Operand::FieldName>(operand.value).name;
  if (name == "evt.type") return world.type;
  if (name == "t.path") return world.paths[world.name];
  const auto rows = catalogue().rows();
  const auto row = std::ranges::find(rows, name, &fields::Field::name);
  return world.values[static_cast<std::size_t>(row - rows.begin())];
}

std::string ip_bytes(const std::string& text) {
  char bytes[16] = {};
  const bool v4 = ::inet_pton(AF_INET, text.c_str(), bytes) == 1;
  if (!v4 && ::inet_pton(AF_INET6, text.c_str(), bytes) != 1) return {};
  return {bytes, v4 ? 4U : 16U};
}

bool slow_in_network(const std::string& ip, const std::string& network) {
  const auto slash = network.find('/');
  const std::string bytes = ip_bytes(ip), base = ip_bytes(network.substr(0, slash));
  if (bytes.size() != base.size()) return false;
  const int prefix = std::stoi(network.substr(slash + 1));
  for (int bit = 0; bit < prefix; ++bit) {
    const auto at = static_cast<std::size_t>(bit / 8);
    const int mask = 0x80 >> (bit % 8);
    if ((bytes[at] & mask) != (base[at] & mask)) return false;
  }
  return true;
}

std::vector<std::string> components(const std::string& path) {
  std::vector<std::string> result;
  std::string part;
  for (const char c : path + "/") {
    if (c != '/') {
      part += c;
    } else if (!part.empty()) {
      result.push_back(std::exchange(part, {}));
    }
  }
  return result;
}

bool slow_pmatch(const std::string& path, const std::string& prefix) {
  const auto have = components(path), want = components(prefix);
  if (want.size() > have.size()) return false;
  for (std::size_t i = 0; i < want.size(); ++i) {
    if (::fnmatch(want[i].c_str(), have[i].c_str(), 0) != 0) return false;
  }
  return true;
}

template <class T>
bool slow_order(Operator op, const T& a, const T& b) {
  switch (op) {
    case kEq:
    case kIn:
    case kIntersects:
      return a == b;
    case kNe:
      return a != b;
    case kLt:
      return a < b;
    case kLe:
      return a <= b;
    case kGt:
      return a > b;
    default:
      return a >= b;
  }
}

bool slow_text(Operator op, const std::string& a, const std::string& b) {
  switch (op) {
    case kContains:
      return a.find(b) != std::string::npos;
    case kIcontains:
      return lower(a).find(lower(b)) != std::string::npos;
    case kStartswith:
      return a.rfind(b, 0) == 0;
    case kEndswith:
      return a.size() >= b.size() && a.substr(a.size() - b.size()) == b;
    case kGlob:
      return ::fnmatch(b.c_str(), a.c_str(), 0) == 0;
    case kIglob:
      return ::fnmatch(b.c_str(), a.c_str(), FNM_CASEFOLD) == 0;
    case kRegex:
      return std::regex_match(a, std::regex(b, std::regex::extended));
    case kPmatch:
      return slow_pmatch(a, b);
    default:
      return slow_order(op, a, b);
  }
}

bool is_text(const Slow& value) { return std::holds_alternative<std::string>(value); }

// One value against one constant, or another value.
bool slow_compare(std::string_view field, Operator op, const Slow& left, const Slow& right) {
  if (field == "t.ip") {
    const bool same = ip_bytes(std::get<std::string>(left)) == ip_bytes(std::get<std::string>(right));
    return same == (op != kNe);
  }
  if (field == "t.net")
    return slow_in_network(std::get<std::string>(left), std::get<std::string>(right)) == (op != kNe);
  if (is_text(left)) return slow_text(op, std::get<std::string>(left), std::get<std::string>(right));
  std::int64_t number = 0;
  if (!is_text(right)) {
    number = std::get<std::int64_t>(right);
  } else if (const std::string& text = std::get<std::string>(right); text == "true" || text == "false") {
    number = text == "true";
  } else {
    number = std::stoll(text);
  }
  return slow_order(op, std::get<std::int64_t>(left), number);
}

bool slow_check_one(std::string_view field, const Node::Check& check, const Slow& left,
                    const std::vector<Slow>& right) {
  if (check.op == kExists) return true;
  const auto holds = [&](const Slow& item) { return slow_compare(field, check.op, left, item); };
  if (field == "t.net" && check.op == kNe && check.modifier == Modifier::kNone)
    return std::ranges::all_of(right, holds);
  if (check.modifier == Modifier::kOneOf) return std::ranges::count_if(right, holds) == 1;
  if (check.modifier == Modifier::kAllOf) return !right.empty() && std::ranges::all_of(right, holds);
  return std::ranges::any_of(right, holds);
}

bool slow_check(const Node::Check& check, const World& world) {
  const auto* name = std::get_if<Operand::FieldName>(&check.left.value);
  const std::string_view field = name != nullptr ? std::string_view(name->name) : std::string_view();
  const Slow left = slow_value(check.left, world);
  if (left.index() == 0) return false;
  std::vector<Slow> right;
  for (const Operand& operand : check.right) {
    right.push_back(slow_value(operand, world));
    if (right.back().index() == 0) return false;
  }
  const auto* texts = std::get_if<std::vector<std::string>>(&left);
  if (texts == nullptr) return slow_check_one(field, check, left, right);
  const auto one = [&](const std::string& text) { return slow_check_one(field, check, text, right); };
  if (check.op == kExists) return field != "t.any" || !texts->empty();
  if (field == "t.any" || check.op == kIntersects) return std::ranges::any_of(*texts, one);
  return !check.right.empty() && std::ranges::all_of(*texts, one);
}

bool slow_holds(const Node& node, const World& world) {
  const auto holds = [&](const NodePtr& term) { return slow_holds(*term, world); };
  if (auto* all = std::get_if<Node::And>(&node.value)) return std::ranges::all_of(all->terms, holds);
  if (auto* either = std::get_if<Node::Or>(&node.value)) return std::ranges::any_of(either->terms, holds);
  if (auto* negated = std::get_if<Node::Not>(&node.value)) return !holds(negated->term);
  return slow_check(std::get<Node::Check>(node.value), world);
}

// --- Random conditions, as text: the parser is part of what is compared.

std::string pick(const std::vector<std::string>& from) { return *rc::gen::elementOf(from); }

const std::vector<std::string>& words() {
  static const std::vector<std::string> made = {"a",      "ab",        "Ab", "b",   "/etc",
                                                "/etc/a", "/etc/ab/x", "''", "host"};
  return made;
}

std::string list_of(const std::vector<std::string>& from) {
  std::string text = "(";
  const int count = *rc::gen::inRange(0, 4);
  for (int i = 0; i < count; ++i) text += (i > 0 ? ", " : "") + pick(from);
  return text + ")";
}

std::string with_modifier(const std::string& left, const std::string& op,
                          const std::vector<std::string>& from) {
  if (*rc::gen::inRange(0, 3) != 0) return left + " " + op + " " + pick(from);
  return left + " " + op + " " + pick({"oneof", "anyof", "allof"}) + " " + list_of(from);
}

std::string random_text_check() {
  const std::string left = pick({"t.text", "t.other", "t.path", "t.any", "container.id", "tolower(t.text)",
                                 "toupper(t.path)", "basename(t.path)", "concat(t.text, 'b', t.other)"});
  switch (*rc::gen::inRange(0, 7)) {
    case 0:
      return left + " exists";
    case 1:
      return left + pick({" in ", " intersects "}) + list_of(words());
    case 2:
      return left + " pmatch " + list_of({"/etc", "/etc/a", "/*/ab", "/e*", "/", "b"});
    case 3:
      return with_modifier(left, pick({"glob", "iglob"}), {"*", "A*", "?b", "/etc/[ab]*", "''"});
    case 4:
      return with_modifier(left, "regex", {"a.*", "'/etc/(a|b)+'", "[a-b]*"});
    case 5:
      return left +
             pick({" = ", " != ", " contains ", " startswith ", " endswith ", " icontains ", " glob "}) +
             pick({"val(t.text)", "val(t.path)", "tolower(t.other)", "basename(t.path)"});
    default:
      return with_modifier(left, pick({"=", "==", "!=", "contains", "icontains", "startswith", "endswith"}),
                           words());
  }
}

std::string random_number_check() {
  const std::vector<std::string> numbers = {"-1", "0", "1", "2", "7"};
  const std::vector<std::string> ports = {"0", "1", "22"};
  switch (*rc::gen::inRange(0, 6)) {
    case 0:
      return with_modifier("t.number", pick({"=", "!="}), numbers);
    case 1:
      return pick({"t.number", "t.port", "len(t.text)"}) + pick({" < ", " <= ", " > ", " >= "}) + pick(ports);
    case 2:
      return "t.number in " + list_of(numbers);
    case 3:
      return with_modifier("t.port", pick({"=", "!="}), ports);
    case 4:
      return "len(t.list)" + pick({" = ", " != ", " < "}) + pick({"0", "1", "len(t.text)"});
    default:
      return with_modifier("t.flag", pick({"=", "!="}), {"true", "false"});
  }
}

std::string random_other_check() {
  const std::vector<std::string> networks = {"10.0.0.0/8", "10.1.0.0/15", "0.0.0.0/0", "2001::/16"};
  switch (*rc::gen::inRange(0, 6)) {
    case 0:
      return with_modifier("t.ip", pick({"=", "!="}), {"10.1.2.3", "2001::1"});
    case 1:
      return "t.ip in " + list_of({"10.1.2.3", "2001::1", "1.1.1.1"});
    case 2:
      return "t.net" + pick({" = ", " != "}) + pick(networks);
    case 3:
      return "t.net in " + list_of(networks);
    case 4:
      return pick({"t.list", "tolower(t.list)"}) + pick({" in ", " intersects "}) + list_of({"a", "ab", "b"});
    default:
      return pick({"evt.type = openat", "evt.type != openat", "evt.type in (openat, execve)",
                   "evt.type contains open", "container.id = host", "container.id != host"});
  }
}

std::string random_condition(int depth) {
  const int choice = *rc::gen::inRange(0, depth <= 0 ? 3 : 9);
  if (choice == 0) return random_text_check();
  if (choice == 1) return random_number_check();
  if (choice == 2) return random_other_check();
  if (choice == 3) return "not (" + random_condition(depth - 1) + ")";
  const std::string word = choice % 2 == 0 ? " and " : " or ";
  std::string text = "(" + random_condition(depth - 1);
  const int more = *rc::gen::inRange(1, 4);
  for (int i = 0; i < more; ++i) text += word + random_condition(depth - 1);
  return text + ")";
}

// Rules made of common parts, as macros make them.
std::vector<std::string> random_rules() {
  std::vector<std::string> parts;
  for (int i = 0; i < 3; ++i) parts.push_back(random_condition(2));
  std::vector<std::string> rules;
  const int count = *rc::gen::inRange(1, 6);
  for (int i = 0; i < count; ++i) {
    std::string rule = random_condition(2);
    if (*rc::gen::inRange(0, 2) == 0)
      rule = "(" + pick(parts) + ")" + pick({" and ", " or "}) + "(" + rule + ")";
    if (*rc::gen::inRange(0, 2) == 0) rule = "not (" + pick(parts) + ") and (" + rule + ")";
    rules.push_back(std::move(rule));
  }
  return rules;
}

Slow random_text() {
  const std::string word = pick(words());
  if (*rc::gen::inRange(0, 4) == 0) return {};
  return word == "''" ? std::string() : word;
}

Slow random_texts() {
  if (*rc::gen::inRange(0, 4) == 0) return {};
  std::vector<std::string> texts;
  const int count = *rc::gen::inRange(0, 3);
  for (int i = 0; i < count; ++i) texts.push_back(pick({"a", "ab", "B", "/etc/a"}));
  return texts;
}

World random_world() {
  World world;
  world.type = pick({"openat", "open", "execve", "procexit"});
  for (const Row row : {kText, kOther}) world.values[row] = random_text();
  world.values[kNumber] = *rc::gen::elementOf(std::vector<std::int64_t>{-1, 0, 1, 7});
  world.values[kPort] = *rc::gen::elementOf(std::vector<std::int64_t>{0, 1, 22});
  world.values[kFlag] = *rc::gen::elementOf(std::vector<std::int64_t>{0, 1});
  if (*rc::gen::inRange(0, 4) == 0) world.values[kNumber] = {};
  world.values[kIp] = pick({"10.1.2.3", "10.2.0.1", "2001::1"});
  world.values[kNet] = pick({"10.1.2.3", "11.0.0.1", "2001::1"});
  world.values[kList] = random_texts();
  world.values[kAny] = random_texts();
  world.values[kContainer] = pick({"host", "abc", "host"});
  for (std::string& path : world.paths) path = pick({"/etc", "/etc/a", "/etc/ab/x", "/ab"});
  return world;
}

// --- The world as the evaluator sees it. Texts are owned by the World.

struct Given {
  std::vector<std::string> bytes;  // of addresses
  std::vector<Value> lists[2];
  event::Event event;
};

Given give(const World& world) {
  TestValues::clear();
  Given given;
  given.bytes.reserve(2);
  std::size_t list = 0;
  for (std::size_t row = 0; row < world.values.size(); ++row) {
    const Slow& value = world.values[row];
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      TestValues::set(row, row == kFlag   ? Value::boolean(*number != 0)
                           : row == kPort ? Value::unsigned_integer(static_cast<std::uint64_t>(*number))
                                          : Value::integer(*number));
    } else if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) {
      for (const std::string& text : *texts) given.lists[list].push_back(Value::text(text));
      TestValues::set(row, Value::list(given.lists[list++]));
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      if (row == kIp || row == kNet) {
        given.bytes.push_back(ip_bytes(*text));
        TestValues::set(row, Value::ip(given.bytes.back()));
      } else {
        TestValues::set(row, Value::text(*text));
      }
    }
  }
  for (std::size_t name = 0; name < 3; ++name)
    TestValues::set(kPath, Value::text(world.paths[name]), "", name);
  given.event.type = *event::find_type(world.type);
  event::File file;
  file.name = {world.paths[0], true, false};
  file.resolved = {world.paths[1], true, false};
  file.inner = {world.paths[2], true, false};
  given.event.body = file;
  return given;
}

struct Found {
  std::uint32_t rule;
  std::size_t name;
  bool operator==(const Found&) const = default;
};

std::vector<Found> slow_matches(const std::vector<NodePtr>& trees, World world) {
  std::vector<Found> found;
  const bool open = world.type.starts_with("open");
  for (std::uint32_t rule = 0; rule < trees.size(); ++rule) {
    for (world.name = 0; world.name < (open ? 3U : 1U); ++world.name) {
      // A name equal to an earlier one is not judged again.
      if (!slow_holds(*trees[rule], world)) continue;
      found.push_back({rule, world.name});
      break;
    }
  }
  return found;
}

std::vector<Found> fast_matches(Evaluator& evaluator, const World& world) {
  const Given given = give(world);
  Arena arena;
  fields::Subject subject;
  subject.event = &given.event;
  std::vector<Found> found;
  for (const auto& match : evaluator.evaluate(subject, arena))
    found.push_back({match.rule, match.name_index});
  return found;
}

std::vector<EnabledRule> compiled(const std::vector<NodePtr>& trees) {
  std::vector<EnabledRule> rules;
  for (const NodePtr& tree : trees) {
    CompileResult result = compile_condition(*tree, catalogue());
    RC_ASSERT(result.problems.empty());
    EnabledRule rule;
    rule.condition = std::move(result.condition);
    rule.event_types = std::move(result.event_types);
    rules.push_back(std::move(rule));
  }
  return rules;
}

RC_GTEST_PROP(ReferenceInterpreter, AgreesWithTheEvaluator, ()) {
  const std::vector<std::string> texts = random_rules();
  std::vector<NodePtr> trees;
  for (const std::string& text : texts) {
    RC_LOG() << text << '\n';
    trees.push_back(parse_condition(text).tree);
    RC_ASSERT(trees.back() != nullptr);
  }
  const RuleSet all(compiled(trees), Matching::kAll), first(compiled(trees), Matching::kFirst);
  Evaluator all_evaluator(all), first_evaluator(first);
  for (int event = 0; event < 8; ++event) {
    const World world = random_world();
    const auto want = slow_matches(trees, world);
    RC_ASSERT(fast_matches(all_evaluator, world) == want);
    RC_ASSERT(fast_matches(first_evaluator, world) ==
              std::vector(want.begin(), want.begin() + !want.empty()));
    // What matched was announced: by the analysis of event types, and to the probe.
    const event::TypeId type = *event::find_type(world.type);
    const EventScope scope = all.scope(type);
    const bool host = std::get<std::string>(world.values[kContainer]) == "host";
    for (const Found& match : want) {
      RC_ASSERT(std::ranges::count(all.rules()[match.rule].event_types, type) == 1);
      const bool announced = host ? scope.host : scope.container;
      RC_ASSERT(announced);
    }
  }
}

std::string random_container_condition(int depth) {
  if (depth == 0 || *rc::gen::inRange(0, 3) == 0) {
    return pick({"container.id = host", "container.id != host", "container.id in (host)",
                 "container.id in (host, abc)", "container.id = abc", "container.id != abc",
                 "container.id exists", "container.id startswith h", "evt.type = openat", "t.flag = true",
                 "t.text exists"});
  }
  const std::string left = random_container_condition(depth - 1),
                    right = random_container_condition(depth - 1);
  return pick({"(", "not ("}) + left + pick({" and ", " or "}) + right + ")";
}

RC_GTEST_PROP(ReferenceInterpreter, ScopeMissesNoMatch, ()) {
  std::vector<NodePtr> trees;
  trees.push_back(parse_condition(random_container_condition(3)).tree);
  RC_ASSERT(trees[0] != nullptr);
  RC_LOG() << print(*trees[0]) << '\n';
  const RuleSet rules(compiled(trees), Matching::kAll);
  for (int event = 0; event < 16; ++event) {
    const World world = random_world();
    if (slow_matches(trees, world).empty()) continue;
    const EventScope scope = rules.scope(*event::find_type(world.type));
    const bool host = std::get<std::string>(world.values[kContainer]) == "host";
    const bool announced = host ? scope.host : scope.container;
    RC_ASSERT(announced);
  }
}

}  // namespace
}  // namespace saker::rules
