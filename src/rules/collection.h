// Collection: the lists, macros and rules of all files read so far, after definitions, appends and
// overrides. Positions and visibility are Falco's: `index` is where a name was first defined, `visibility`
// where it was last changed, both counted over items of every kind.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fields/catalogue.h"
#include "rules/exceptions.h"
#include "rules/finding.h"
#include "rules/list_expansion.h"
#include "rules/rule.h"
#include "rules/rule_items.h"

namespace saker::rules {

struct CollectedList {
  ListDefinition definition;
  Place place;          // of the last change
  bool broken = false;  // the definition was wrong and is reported; whoever uses it is not
};

struct CollectedMacro {
  std::string name;
  LocatedText condition;
  std::uint32_t index = 0;
  std::uint32_t visibility = 0;
  Place place;
  bool broken = false;
};

struct CollectedRule {
  Rule rule;
  LocatedText condition;
  LocatedText output;
  std::vector<RuleException> exceptions;
  Place place;  // of the first definition
  bool unknown_source = false;
  bool broken = false;
};

class Collection {
 public:
  // Both must outlive the collection.
  Collection(const fields::Catalogue& catalogue, const Sources& sources)
      : catalogue_(catalogue), sources_(sources) {}

  // Takes the items of one file in order; what does not fit is reported and left out.
  void add(const FileItems& file, Findings& findings);

  // In the order of their first definition.
  const std::vector<CollectedList>& lists() const { return lists_; }
  const std::vector<CollectedMacro>& macros() const { return macros_; }
  const std::vector<CollectedRule>& rules() const { return rules_; }
  const std::vector<PluginItem>& plugins() const { return plugins_; }

  // Some file could not be read to its end: a name that is missing may stand in the unread part.
  bool incomplete() const { return incomplete_; }

 private:
  using Names = absl::flat_hash_map<std::string, std::size_t>;

  void add(const ListItem& item, Findings& findings);
  void add(const MacroItem& item, Findings& findings);
  void add(const RuleItem& item, Findings& findings);
  void add(const PluginItem& item, Findings&) { plugins_.push_back(item); }
  void add(const BrokenItem& item, Findings& findings);

  void define(const RuleItem& item, Findings& findings);
  void append(const RuleItem& item, CollectedRule& rule, Findings& findings);
  void override_keys(const RuleItem& item, CollectedRule& rule, Findings& findings);
  bool same_source(const RuleItem& item, const CollectedRule& rule, Findings& findings) const;
  void missing(std::string_view kind, const std::string& name, Place place, const Names& known,
               Findings& findings) const;
  ExceptionChecker checker(const RuleItem& item, bool known_source, Findings& findings) const;

  const fields::Catalogue& catalogue_;
  const Sources& sources_;
  std::vector<CollectedList> lists_;
  std::vector<CollectedMacro> macros_;
  std::vector<CollectedRule> rules_;
  std::vector<PluginItem> plugins_;
  Names list_names_, macro_names_, rule_names_;
  std::uint32_t position_ = 0;
  bool incomplete_ = false;
};

}  // namespace saker::rules
