// What exceptions mean: they are checked, merged when a later item adds to them, and written behind the
// rule's condition as `(C) and not E1 and not E2 ...`. The result is text, since list names in values are
// replaced later and a value may be val(field); all of it keeps its places.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fields/catalogue.h"
#include "rules/finding.h"
#include "rules/rule_items.h"

namespace saker::rules {

struct RuleException {
  std::string name;
  Place place;
  bool is_list = false;             // several fields, rows of values
  std::vector<LocatedText> fields;  // one when not a list
  std::vector<LocatedText> comps;   // as many; defaults filled in
  std::vector<ExceptionValue> values;
};

// Problems are added to `findings` with `context` around them.
class ExceptionChecker {
 public:
  // `catalogue` is null for rules of an unknown source, whose fields nobody can check.
  ExceptionChecker(const fields::Catalogue* catalogue, std::vector<Enclosing> context, Findings& findings)
      : catalogue_(catalogue), context_(std::move(context)), findings_(findings) {}

  // A definition or replacement. False when there was an error.
  bool define(const std::vector<ExceptionItem>& items, std::vector<RuleException>& into);
  // Adds values to the exceptions of the same name, and new exceptions.
  bool append(const std::vector<ExceptionItem>& items, std::vector<RuleException>& into);

 private:
  bool make(const ExceptionItem& item, std::vector<RuleException>& into);
  bool add_values(const ExceptionItem& item, RuleException& to);
  bool check_fields(const RuleException& exception);
  bool check_comps(const RuleException& exception);
  bool check_value(const RuleException& exception, const ExceptionValue& value);
  bool error(const std::string& name, std::string message, Place place, std::string hint = {});
  void warn(Code code, const std::string& name, std::string message, Place place);

  const fields::Catalogue* catalogue_;
  std::vector<Enclosing> context_;
  Findings& findings_;
};

// The condition with its exceptions; without any it stays as it is.
LocatedText with_exceptions(const LocatedText& condition, const std::vector<RuleException>& exceptions);

}  // namespace saker::rules
