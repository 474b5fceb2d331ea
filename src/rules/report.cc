#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "rules/finding.h"
#include "rules/load.h"

namespace saker::rules {
namespace {

// Of a long line only the part around the caret is shown.
constexpr std::size_t kShownBytesMax = 160;
constexpr std::size_t kShownBefore = 60;

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// A terminal must not act on what a rule file says.
std::string printable(std::string_view text) {
  std::string shown(text);
  for (char& c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7F) c = '?';
  }
  return shown;
}

// The line with the caret under the place: tabs stay tabs so that it lines up.
std::string snippet(const Diagnostic& diagnostic) {
  std::string_view line = diagnostic.source_line;
  std::size_t at = std::min<std::size_t>(diagnostic.column - 1, line.size());
  if (line.size() > kShownBytesMax) {
    std::size_t cut = at > kShownBefore ? at - kShownBefore : 0;
    while (cut < at && is_continuation(line[cut])) ++cut;
    line = line.substr(cut, kShownBytesMax);
    at -= cut;
  }
  std::string under;
  for (const char c : line.substr(0, at)) {
    if (!is_continuation(c)) under += c == '\t' ? '\t' : ' ';
  }
  const std::string_view marked = line.substr(at, diagnostic.length);
  const auto width =
      static_cast<std::size_t>(std::ranges::count_if(marked, [](char c) { return !is_continuation(c); }));
  under += '^';
  if (width > 1) under.append(width - 1, '~');
  return fmt::format("{:>5} | {}\n{:>5} | {}\n", diagnostic.line, printable(line), "", under);
}

// Which items led there, when one alone does not say it: a macro and the rule that uses it.
std::string origin(const Diagnostic& diagnostic) {
  std::string text;
  std::size_t named = 0;
  for (const Diagnostic::Item& item : diagnostic.context) {
    if (item.name.empty() || item.type == "condition expression") continue;
    text += fmt::format("{}{} '{}'", named++ == 0 ? "" : ", ", item.type, printable(item.name));
  }
  return named > 1 ? "in: " + text + '\n' : std::string();
}

std::string_view verdict(const FileReport& report) {
  if (!report.ok()) return "Invalid";
  return report.diagnostics.empty() ? "Ok" : "Ok, with warnings";
}

using Json = nlohmann::json;

Json location(const std::string& type, const std::string& name, const std::string& file, std::size_t line,
              std::size_t column, std::size_t offset) {
  return {{"item_type", type},
          {"item_name", name},
          {"position", {{"name", file}, {"line", line}, {"column", column}, {"offset", offset}}}};
}

// Positions count from zero here; only those inside a condition carry the parser's own, from one.
Json to_json(const Diagnostic& diagnostic) {
  Json locations = Json::array({location("rules content", "", diagnostic.file, 0, 0, 0)});
  for (const Diagnostic::Item& item : diagnostic.context) {
    const bool expression = item.type == "condition expression";
    const std::size_t line = expression ? diagnostic.line : item.line - 1;
    const std::size_t column = expression ? diagnostic.column : item.column - 1;
    const std::size_t offset = expression ? diagnostic.offset : item.offset;
    const std::string& file = item.file.empty() ? diagnostic.file : item.file;
    locations.push_back(location(item.type, item.name, file, line, column, offset));
  }
  if (diagnostic.context.empty()) {
    locations.push_back(location("rules content item", "", diagnostic.file, diagnostic.line - 1,
                                 diagnostic.column - 1, diagnostic.offset));
  }
  std::string message = diagnostic.message;
  if (!diagnostic.hint.empty()) message += " (" + diagnostic.hint + ")";
  return {{"code", diagnostic.code},
          {"codedesc", code_description(diagnostic.code)},
          {"message", message},
          {"context", {{"locations", locations}, {"snippet", snippet(diagnostic)}}}};
}

}  // namespace

std::string text_report(const std::vector<FileReport>& reports) {
  std::string text;
  for (const FileReport& report : reports) {
    for (const Diagnostic& diagnostic : report.diagnostics) {
      text += fmt::format("{}:{}:{}: {}: {} [{}]\n", diagnostic.file, diagnostic.line, diagnostic.column,
                          diagnostic.severity == Severity::kError ? "error" : "warning",
                          printable(diagnostic.message), diagnostic.code);
      text += snippet(diagnostic) + origin(diagnostic);
      if (!diagnostic.hint.empty()) text += "hint: " + printable(diagnostic.hint) + '\n';
    }
    text += fmt::format("{}: {}\n", report.file, verdict(report));
  }
  return text;
}

std::string json_report(const std::vector<FileReport>& reports) {
  Json results = Json::array();
  for (const FileReport& report : reports) {
    Json file = {{"name", report.file},
                 {"successful", report.ok()},
                 {"errors", Json::array()},
                 {"warnings", Json::array()}};
    for (const Diagnostic& diagnostic : report.diagnostics) {
      file[diagnostic.severity == Severity::kError ? "errors" : "warnings"].push_back(to_json(diagnostic));
    }
    results.push_back(std::move(file));
  }
  return Json{{"falco_load_results", std::move(results)}}.dump(-1, ' ', false,
                                                               Json::error_handler_t::replace);
}

}  // namespace saker::rules
