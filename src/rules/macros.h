// Macros: each text is parsed alone and inserted as a subtree where its name is used, so precedence at the
// place of use never matters.
//
// A macro sees those first defined before its own last change; rules see all. Trees are resolved on demand
// and kept, so that a macro used a hundred times is built once. Bounded: nodes and height of a tree, since a
// chain of macros that each use the previous one twice doubles with every link.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <string>
#include <vector>

#include "rules/ast.h"
#include "rules/collection.h"
#include "rules/finding.h"
#include "rules/list_expansion.h"

namespace saker::rules {

inline constexpr std::size_t kTreeNodesMax = 100'000;
inline constexpr std::size_t kTreeHeightMax = 1'000;

class Macros {
 public:
  // Expands the lists in every macro and parses it. `later` holds every macro of every file, also those
  // not yet added, for hints. All must outlive this.
  Macros(const Collection& collection, const absl::flat_hash_map<std::string, Place>& later,
         ListExpansion& lists, Findings& findings);

  // Puts macro trees in place of names. `owner` describes who asks, `text` is what was parsed with source 0.
  // False when a name could not be replaced; that is reported unless the macro itself is at fault.
  bool insert(NodePtr& tree, const LocatedText& text, const std::vector<Enclosing>& owner);

  // The text and the name behind a Span's source other than 0.
  const LocatedText& text(std::uint32_t source) const { return macros_[source - 1].text; }
  const CollectedMacro& macro(std::uint32_t source) const { return *macros_[source - 1].macro; }

  // By position in the collection: named by a rule or by another macro.
  bool used(std::size_t position) const { return macros_[position].used; }

 private:
  enum class State : std::uint8_t { kNew, kActive, kDone, kFailed };
  struct Entry {
    const CollectedMacro* macro = nullptr;
    LocatedText text;
    NodePtr tree;
    std::size_t nodes = 0;
    std::size_t height = 0;
    State state = State::kNew;
    bool used = false;
  };
  struct Asker {
    const LocatedText& text;
    const std::vector<Enclosing>& context;
    std::uint32_t visibility;
    std::size_t depth;
  };
  struct Size {
    std::size_t nodes = 0;
    std::size_t height = 0;
  };

  void parse(Entry& entry, std::uint32_t source, ListExpansion& lists);
  void resolve(std::size_t position, std::size_t depth);
  bool insert(NodePtr& tree, const Asker& asker, Size& size);
  bool replace(NodePtr& node, const Asker& asker, Size& size, std::size_t height);
  bool unknown(const std::string& name, Span span, const Asker& asker);
  bool error(std::string message, std::string hint, Span span, const Asker& asker);

  const Collection& collection_;
  const absl::flat_hash_map<std::string, Place>& later_;
  Findings& findings_;
  std::vector<Entry> macros_;
  absl::flat_hash_map<std::string, std::size_t> names_;
};

// The problems of parsing `text`, located.
void report_parse_problems(const std::vector<struct ParseProblem>& problems, const LocatedText& text,
                           const std::vector<Enclosing>& owner, Findings& findings);

// `owner` and the expression itself, as the context of a finding in `text`.
std::vector<Enclosing> in_expression(const std::vector<Enclosing>& owner, const LocatedText& text);

}  // namespace saker::rules
