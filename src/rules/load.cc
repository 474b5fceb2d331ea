#include "rules/load.h"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "rules/append_output.h"
#include "rules/collection.h"
#include "rules/finding.h"
#include "rules/rule_compiler.h"
#include "rules/rule_items.h"
#include "rules/selection.h"
#include "rules/versions.h"

namespace saker::rules {
namespace {

class Loader {
 public:
  Loader(const std::vector<RuleFile>& files, const fields::Catalogue& catalogue, const LoadOptions& options)
      : options_(options),
        catalogue_(catalogue),
        sources_(files),
        collection_(catalogue, sources_),
        compiler_(collection_, catalogue, options, later_) {
    for (const RuleFile& file : files) result_.reports.push_back({file.name, {}});
  }

  LoadResult run() {
    std::vector<FileItems> read;
    for (std::size_t i = 0; i < result_.reports.size(); ++i) {
      read.push_back(read_items(sources_.text(static_cast<std::uint32_t>(i)), static_cast<std::uint32_t>(i)));
      for (const Item& item : read.back().items) {
        if (const auto* macro = std::get_if<MacroItem>(&item)) later_.try_emplace(macro->name, macro->place);
      }
    }
    for (std::size_t i = 0; i < read.size(); ++i) {
      Findings findings = std::move(read[i].findings);
      collection_.add(read[i], findings);
      compiler_.pass(findings);
      for (const Finding& finding : findings) report(finding, result_.reports[i]);
    }
    if (options_.check_plugins) check_plugins();
    if (good()) warn_unused();
    collect_rules();
    return std::move(result_);
  }

 private:
  // A problem of a macro or of an earlier file is found again by every rule and pass that meets it.
  void report(const Finding& finding, FileReport& into) {
    const std::string key = fmt::format("{}:{}:{}:{}", finding.place.file, finding.place.offset,
                                        code_name(finding.code), finding.message);
    if (!reported_.insert(key).second) return;
    // In the order of the file; what stands in other files comes last, findings of one place as they came.
    Diagnostic made = sources_.diagnostic(finding);
    const auto rank = [&](const Diagnostic& d) { return std::pair(d.file != into.file, d.offset); };
    auto& all = into.diagnostics;
    all.insert(std::ranges::upper_bound(all, rank(made), {}, rank), std::move(made));
  }

  bool good() const { return std::ranges::all_of(result_.reports, &FileReport::ok); }

  void check_plugins() {
    for (const PluginItem& item : collection_.plugins()) {
      const auto met = [](const PluginItem::Version& plugin) { return is_built_in_plugin(plugin.name); };
      if (std::ranges::any_of(item.alternatives, met)) continue;
      const PluginItem::Version& first = item.alternatives.front();
      report({Code::kErrValidate,
              fmt::format("the file needs plugin '{}' {}", first.name, first.version),
              "there are no plugins here; 'container' is built in",
              item.place,
              {{"required_plugin_versions", first.name, item.place}}},
             result_.reports[item.place.file]);
    }
  }

  void warn_unused() {
    Findings findings;
    compiler_.warn_unused(findings);
    for (const Finding& finding : findings) report(finding, result_.reports[finding.place.file]);
  }

  void collect_rules() {
    const auto& collected = collection_.rules();
    std::vector<std::size_t> positions;
    for (std::size_t i = 0; i < collected.size(); ++i) {
      if (!compiler_.compiled(i).usable) continue;
      Rule rule = collected[i].rule;
      rule.condition = collected[i].condition.text();
      rule.condition_compiled = compiler_.compiled(i).canonical;
      rule.output = collected[i].output.text();
      result_.all_rules.push_back(std::move(rule));
      positions.push_back(i);
    }
    select_rules(options_.selection, result_.all_rules);
    if (!good()) return;
    if (options_.keep_details) {
      for (const std::size_t i : positions) {
        const RuleCompiler::Compiled& made = compiler_.compiled(i);
        result_.details.push_back({made.tree, made.macros, made.condition, made.event_types, made.output});
      }
    }
    std::vector<EnabledRule> enabled;
    for (std::size_t i = 0; i < positions.size(); ++i) {
      const Rule& rule = result_.all_rules[i];
      if (!rule.enabled || rule.priority > options_.minimum_priority) continue;
      RuleCompiler::Compiled& made = compiler_.compiled(positions[i]);
      enabled.push_back({rule, made.condition, std::move(made.event_types), std::move(made.output),
                         appended_fields(rule, options_.append_output, catalogue_)});
    }
    result_.rules = std::make_shared<const RuleSet>(std::move(enabled), options_.matching);
  }

  const LoadOptions& options_;
  const fields::Catalogue& catalogue_;
  Sources sources_;
  Collection collection_;
  absl::flat_hash_map<std::string, Place> later_;
  RuleCompiler compiler_;
  absl::flat_hash_set<std::string> reported_;
  LoadResult result_;
};

}  // namespace

bool FileReport::ok() const {
  return std::ranges::none_of(diagnostics,
                              [](const Diagnostic& d) { return d.severity == Severity::kError; });
}

LoadResult load_rules(const std::vector<RuleFile>& files, const fields::Catalogue& catalogue,
                      const LoadOptions& options) {
  return Loader(files, catalogue, options).run();
}

}  // namespace saker::rules
