// FieldTemplate: the part of Go's text/template that makes a text of an alert's fields.
//
//   {{ .name }}  {{ index . "k8s.ns.name" }}  {{ or (index . "a") "none" }}  and text around them
//
// Falcosidekick's templatedfields and slack.messageformat are written in it. A field that is missing prints
// <no value>, as there; `index .OutputFields "k8s.ns.name"` is the same as with the dot alone. Everything
// else of the language (pipes, conditions, ranges) is an error when the configuration is read.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace saker::relay {

class FieldTemplate {
 public:
  // The value of a name; null when there is none.
  using Lookup = std::function<const std::string*(std::string_view name)>;

  static Result<FieldTemplate> parse(std::string_view text);
  std::string render(const Lookup& lookup) const;

 private:
  // A constant, a field, or the first of several that is not empty.
  struct Value;
  struct Constant {
    std::string text;
  };
  struct FieldName {
    std::string name;
  };
  struct FirstOf {
    std::vector<Value> values;
  };
  struct Value {
    std::variant<Constant, FieldName, FirstOf> what;
  };
  class Parser;

  static const std::string* evaluate(const Value& value, const Lookup& lookup);
  std::vector<Value> parts_;
};

}  // namespace saker::relay
