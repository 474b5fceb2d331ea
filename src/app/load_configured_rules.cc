#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "app/commands.h"
#include "base/log.h"
#include "base/sha256.h"
#include "capture/syscalls.h"

namespace saker::app {
namespace {

bool has_diagnostics(const std::vector<rules::FileReport>& reports) {
  return std::any_of(reports.begin(), reports.end(),
                     [](const rules::FileReport& report) { return !report.diagnostics.empty(); });
}

// A terminal gets the report with source lines and carets, a collector of JSON lines one line a finding.
void say_findings(const std::vector<rules::FileReport>& reports, const Config& config) {
  if (!config.format.json) {
    if (has_diagnostics(reports) && config.log_stderr)
      std::fputs(rules::text_report(reports).c_str(), stderr);
    return;
  }
  for (const rules::FileReport& report : reports) {
    for (const rules::Diagnostic& finding : report.diagnostics) {
      const bool error = finding.severity == rules::Severity::kError;
      log(error ? LogLevel::kError : LogLevel::kWarning, "{}:{}:{}: {} [{}]{}{}", finding.file, finding.line,
          finding.column, finding.message, finding.code, finding.hint.empty() ? "" : "; ", finding.hint);
    }
  }
}

// A rule on an event that the probe does not bring can never fire: say so once, with all names.
void warn_about_missing_events(const rules::RuleSet& rules) {
  for (const rules::EnabledRule& rule : rules.rules()) {
    const bool any = std::any_of(rule.event_types.begin(), rule.event_types.end(),
                                 [](event::TypeId type) { return capture::is_collected(type); });
    if (any || rule.event_types.empty()) continue;
    log(LogLevel::kWarning, "rule '{}' can never fire: the probe does not bring {} yet", rule.rule.name,
        event::type_name(rule.event_types.front()));
  }
}

std::string first_error(const std::vector<rules::FileReport>& reports) {
  for (const rules::FileReport& report : reports) {
    for (const rules::Diagnostic& finding : report.diagnostics) {
      if (finding.severity == rules::Severity::kError)
        return fmt::format("{}:{}:{}: {} [{}]", finding.file, finding.line, finding.column, finding.message,
                           finding.code);
    }
  }
  return "the rules cannot be used";
}

Result<rules::LoadResult> load_rules(const Config& config, const rules::LoadOptions& options,
                                     std::vector<LoadedFile>* files) {
  const auto found = rules::read_rule_files(config.rules_files);
  if (!found) {
    log(LogLevel::kError, "{}", found.error().message);
    return std::unexpected(found.error());
  }
  for (const std::string& path : found->missing)
    log(LogLevel::kWarning, "rules path {} does not exist", path);
  if (found->files.empty()) log(LogLevel::kWarning, "no rules file was found: nothing will be judged");
  rules::LoadResult loaded = rules::load_rules(found->files, fields::syscall_catalogue(), options);
  say_findings(loaded.reports, config);
  if (!loaded.rules) {
    log(LogLevel::kError, "the rules have errors and are not used");
    return fail(ErrorCode::kInvalid, first_error(loaded.reports));
  }
  if (files != nullptr) {
    for (const rules::RuleFile& file : found->files) files->push_back({file.name, sha256_hex(file.text)});
  }
  return loaded;
}

}  // namespace

std::optional<rules::LoadResult> load_rules_for_tools(const Config& config) {
  rules::LoadOptions options = config.load;
  options.keep_details = true;
  auto loaded = load_rules(config, options, nullptr);
  if (!loaded) return std::nullopt;
  return std::move(*loaded);
}

Result<LoadedRules> load_configured_rules(const Config& config) {
  LoadedRules made;
  TRY_ASSIGN(const rules::LoadResult loaded, load_rules(config, config.load, &made.files));
  warn_about_missing_events(*loaded.rules);
  made.rules = loaded.rules;
  return made;
}

}  // namespace saker::app
