// Rule files → RuleSet: YAML, lists, macros, rules, exceptions, appends, overrides, selection; every
// problem of every file is found and located, not only the first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "fields/catalogue.h"
#include "rules/rule.h"
#include "rules/rule_set.h"

namespace saker::rules {

struct RuleFile {
  std::string name;  // as shown in diagnostics
  std::string text;
};

// Files of `paths` in Falco's order: files as named, directories' *.yaml and *.yml sorted by path, not
// recursive; only those extensions; a missing path is skipped and reported in `missing`, a file of another
// extension in `ignored`.
struct RuleFilesFound {
  std::vector<RuleFile> files;
  std::vector<std::string> missing;
  std::vector<std::string> ignored;
};
Result<RuleFilesFound> read_rule_files(const std::vector<std::string>& paths);

// An entry of the configuration's `rules:` list, or of the command line.
struct Selection {
  bool enable = true;
  std::string rule;  // name or * wildcards; empty = not by name
  std::string tag;   // exact; empty = not by tag
};

// An entry of `append_output`.
struct AppendOutput {
  std::string match_source, match_rule;  // empty = any
  std::vector<std::string> match_tags;   // all must be there
  std::string extra_output;
  bool suggested_output = false;
  struct ExtraField {
    std::string name;
    std::string format;  // template; empty: `name` is a field, stored with its type
  };
  std::vector<ExtraField> extra_fields;  // only for JSON alerts; loading does not apply or check them
};

struct LoadOptions {
  std::vector<Selection> selection;  // applied in order, after all files
  Priority minimum_priority = Priority::kDebug;
  Matching matching = Matching::kFirst;
  std::vector<AppendOutput> append_output;
  // Also gives LoadResult::details, for tools.
  bool keep_details = false;
  // Whether a required plugin that is not there is an error. Falco asks this after loading, so a mere
  // check of files need not.
  bool check_plugins = true;
};

enum class Severity : std::uint8_t { kError, kWarning };

// One located finding. Lines and columns are 1-based, columns count bytes.
struct Diagnostic {
  Severity severity = Severity::kError;
  std::string code;     // LOAD_ERR_YAML_PARSE ..., as Falco names them
  std::string message;  // one sentence: what is wrong, what was expected
  std::string hint;     // "did you mean 'x'?"; may be empty
  std::string file;
  std::uint32_t line = 0, column = 0;
  std::size_t offset = 0;    // bytes from the start of the file
  std::uint32_t length = 1;  // bytes the caret underlines
  std::string source_line;   // the line of the file that holds the position
  struct Item {
    std::string type;  // "rule", "macro", "list", "condition expression", "exception" ...
    std::string name;
    std::uint32_t line = 0, column = 0;
    std::size_t offset = 0;
    std::string file;  // empty: that of the finding
  };
  std::vector<Item> context;  // enclosing items, outermost first
};

struct FileReport {
  std::string file;
  std::vector<Diagnostic>
      diagnostics;  // a later file may break a rule of an earlier one: see Diagnostic::file
  bool ok() const;  // no errors
};

// What tools want to know of a rule beyond what judging needs.
struct RuleDetails {
  std::shared_ptr<const Node> tree;  // lists, macros and exceptions filled in
  // By Span::source: the macro that a part of the tree comes from; 0 is the rule itself.
  std::vector<std::string> macros;
  std::shared_ptr<const CompiledCondition> condition;
  std::vector<event::TypeId> event_types;
  OutputTemplate output;
};

struct LoadResult {
  std::shared_ptr<const RuleSet> rules;  // null when any file has an error
  std::vector<FileReport> reports;       // one a file, in order
  std::vector<Rule> all_rules;           // also disabled ones, in load order (for lists)
  std::vector<RuleDetails> details;      // of all_rules, when asked for
};

LoadResult load_rules(const std::vector<RuleFile>& files, const fields::Catalogue& catalogue,
                      const LoadOptions& options);

// For people: `file:line:column: error: message [CODE]`, the line, a caret, the hint; then a verdict a file.
std::string text_report(const std::vector<FileReport>& reports);
// Falco's {"falco_load_results": [...]} as one JSON line.
std::string json_report(const std::vector<FileReport>& reports);

}  // namespace saker::rules
