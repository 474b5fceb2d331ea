// RuleCompiler: a collection → compiled conditions and templates, once after each file.
//
// Falco compiles the whole collection after each file, so a file cannot lean on a later one. Most rules do
// not change between two passes: a rule whose resolved condition and output are the same as before keeps
// what was made of it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rules/collection.h"
#include "rules/finding.h"
#include "rules/load.h"
#include "rules/macros.h"
#include "rules/output_template.h"
#include "rules/rule_set.h"

namespace saker::rules {

class RuleCompiler {
 public:
  struct Compiled {
    bool usable = false;    // neither wrong nor left out
    std::string canonical;  // print of the final tree
    std::shared_ptr<const CompiledCondition> condition;
    std::vector<event::TypeId> event_types;
    OutputTemplate output;
    std::shared_ptr<const Node> tree;  // when LoadOptions::keep_details asks for it
    std::vector<std::string> macros;   // by Span::source
  };

  // All must outlive the compiler. `later`: every macro of every file.
  RuleCompiler(const Collection& collection, const fields::Catalogue& catalogue, const LoadOptions& options,
               const absl::flat_hash_map<std::string, Place>& later)
      : collection_(collection), catalogue_(catalogue), options_(options), later_(later) {}

  void pass(Findings& findings);
  // Lists and macros that no rule needed in the last pass.
  void warn_unused(Findings& findings) const;

  // By position in the collection's rules.
  Compiled& compiled(std::size_t rule) { return rules_[rule].compiled; }

 private:
  struct State {
    std::string key;  // what `compiled` was made of
    Compiled compiled;
  };
  class Job;

  const Collection& collection_;
  const fields::Catalogue& catalogue_;
  const LoadOptions& options_;
  const absl::flat_hash_map<std::string, Place>& later_;
  std::vector<State> rules_;
  std::vector<bool> lists_used_, macros_used_;
};

}  // namespace saker::rules
