// OutputTemplate: a rule's output text, parsed once. `%field`, `%12field` (width) and
// `%transformer(...)`; the longest prefix that is a known field is taken; there is no escape for `%`.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/arena.h"
#include "fields/catalogue.h"
#include "rules/compile.h"

namespace saker::rules {

struct ValueNode;  // program.h

class OutputTemplate {
 public:
  struct Literal {
    std::string text;
  };
  struct Expression {
    fields::FieldRef field;
    std::uint32_t width = 0;  // bytes; 0 = as long as it is
    // A transformer's steps, the result last; `field` is unused then.
    std::shared_ptr<const std::vector<ValueNode>> call;
  };
  using Part = std::variant<Literal, Expression>;

  struct Parsed;
  // Problems' spans are byte positions in `text`.
  static Parsed parse(std::string_view text, const fields::Catalogue& catalogue);

  // Missing values print as <NA>.
  void render(const fields::Subject& subject, Arena& arena, std::string& into) const;

  const std::vector<Part>& parts() const { return parts_; }
  // Every field used, transformers' too, once, in order of first use (output_fields of the JSON alert).
  const std::vector<fields::FieldRef>& fields() const { return fields_; }

 private:
  class Parser;

  std::vector<Part> parts_;
  std::vector<fields::FieldRef> fields_;
};

struct OutputTemplate::Parsed {
  OutputTemplate output;
  std::vector<CompileProblem> problems;
};

// What outputs show of a field: nothing of one that only conditions may use; the process's own of a number
// that conditions read from every ancestor.
fields::Value read_for_output(const fields::FieldRef& field, const fields::Subject& subject, Arena& arena);

// A value as text: numbers by the field's format, lists (a,b), ancestors side by side, true/false, addresses.
void render_value(const fields::FieldRef& field, const fields::Value& value, std::string& into);

}  // namespace saker::rules
