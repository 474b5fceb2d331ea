// The tree of a condition, as the author wrote it: what condition_parser.cc makes, macro insertion joins,
// and compile.cc turns into a program. Positions are those of the text that was parsed, so that a later
// stage can still point at what it dislikes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace saker::rules {

// Bytes [begin, end) of a parsed text. Each text (a rule's condition, a macro's) is a source of its own;
// `source` says which, as numbered by whoever parsed it (0 when there is only one).
struct Span {
  std::uint32_t source = 0;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

enum class Transformer : std::uint8_t { kToLower, kToUpper, kB64, kBasename, kLen, kConcat, kJoin, kGetopt };

// One side of a comparison: a constant, a field, or a transformer over operands.
struct Operand {
  struct Constant {  // the only side that a bare word can be; a field on the right is written val(field)
    std::string text;
    bool quoted;  // without an initialiser: GCC 12 could not default-construct the variant otherwise
  };
  struct FieldName {
    std::string name;                     // dotted, without brackets
    std::optional<std::string> argument;  // between brackets
  };
  struct Call {
    Transformer transformer{};
    std::vector<Operand> arguments;
    std::optional<std::string> argument;  // getopt(...)[x]
  };
  struct Tuple {  // ( ... ) inside a transformer: a list of operands
    std::vector<Operand> items;
  };
  std::variant<Constant, FieldName, Call, Tuple> value;
  Span span;
};

enum class Operator : std::uint8_t {
  kExists,
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kContains,
  kIcontains,
  kBcontains,
  kStartswith,
  kBstartswith,
  kEndswith,
  kGlob,
  kIglob,
  kRegex,
  kIn,
  kIntersects,
  kPmatch,
};

enum class Modifier : std::uint8_t { kNone, kOneOf, kAnyOf, kAllOf };

struct Node;
using NodePtr = std::unique_ptr<Node>;

struct Node {
  struct And {
    std::vector<NodePtr> terms;
  };
  struct Or {
    std::vector<NodePtr> terms;
  };
  struct Not {
    NodePtr term;
  };
  struct Macro {
    std::string name;
  };  // an identifier not yet replaced by its condition
  struct Check {
    Operand left;
    Operator op = Operator::kExists;
    Modifier modifier = Modifier::kNone;
    bool double_equals = false;  // written ==
    std::vector<Operand> right;  // none for exists, one for plain operators, any number for lists
    bool right_is_list = false;  // written with parentheses
    Span op_span;
  };
  std::variant<And, Or, Not, Macro, Check> value;
  Span span;
};

std::string_view operator_text(Operator op);
std::string_view modifier_text(Modifier modifier);
std::string_view transformer_text(Transformer transformer);

// The canonical print of the rule language (Falco's describe output).
std::string print(const Node& node);
NodePtr clone(const Node& node);

}  // namespace saker::rules
