#include "rules/finding.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "rules/nearest_name.h"

namespace saker::rules {
namespace {

struct CodeRow {
  std::string_view name;
  Severity severity;
  std::string_view description;
};

constexpr auto kError = Severity::kError;
constexpr auto kWarning = Severity::kWarning;

// In the order of Code.
constexpr std::array<CodeRow, 19> kCodes = {{
    {"LOAD_ERR_YAML_PARSE", kError, "The file is not YAML"},
    {"LOAD_ERR_YAML_VALIDATE", kError, "An item does not have the form it must have"},
    {"LOAD_ERR_COMPILE_CONDITION", kError, "A condition does not compile"},
    {"LOAD_ERR_COMPILE_OUTPUT", kError, "An output template does not compile"},
    {"LOAD_ERR_VALIDATE", kError, "An item does not fit the others or this engine"},
    {"LOAD_UNKNOWN_SOURCE", kWarning, "The rule is for an event source that is not known and was left out"},
    {"LOAD_UNSAFE_NA_CHECK", kWarning, "A comparison with <NA> does not find missing values"},
    {"LOAD_NO_EVTTYPE", kWarning, "The condition looks at so many event types that it costs speed"},
    {"LOAD_UNKNOWN_FILTER", kWarning, "The rule asks for something unknown, allows that, and was left out"},
    {"LOAD_UNUSED_MACRO", kWarning, "The macro is used nowhere"},
    {"LOAD_UNUSED_LIST", kWarning, "The list is used nowhere"},
    {"LOAD_UNKNOWN_ITEM", kWarning, "The item is of no known kind and was passed over"},
    {"LOAD_UNKNOWN_KEY", kWarning, "The key is not known and was passed over"},
    {"LOAD_DEPRECATED_ITEM", kWarning, "An old form that may go away"},
    {"LOAD_APPEND_NO_VALUES", kWarning, "The appended exception has no values"},
    {"LOAD_EXCEPTION_NAME_NOT_UNIQUE", kWarning, "Two exceptions of a rule have the same name"},
    {"LOAD_INVALID_MACRO_NAME", kWarning, "A condition cannot name this macro"},
    {"LOAD_INVALID_LIST_NAME", kWarning, "A condition cannot name this list"},
    {"LOAD_COMPILE_CONDITION", kWarning, "The condition compiles but may not mean what it says"},
}};

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

std::string_view code_name(Code code) { return kCodes[static_cast<std::size_t>(code)].name; }

Severity code_severity(Code code) { return kCodes[static_cast<std::size_t>(code)].severity; }

std::string_view code_description(std::string_view name) {
  for (const CodeRow& row : kCodes) {
    if (row.name == name) return row.description;
  }
  return {};
}

std::string did_you_mean(std::string_view name) {
  return name.empty() ? std::string() : fmt::format("did you mean '{}'?", name);
}

std::string did_you_mean(std::string_view unknown, std::span<const std::string_view> known) {
  return did_you_mean(nearest_name(unknown, known));
}

Sources::Sources(const std::vector<RuleFile>& files) : files_(files) {
  for (const RuleFile& file : files) {
    std::string_view text = file.text;
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    texts_.push_back(text);
    std::vector<std::size_t>& starts = line_starts_.emplace_back(1, 0);
    for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
      starts.push_back(at + 1);
    }
  }
}

Sources::Position Sources::position(Place place) const {
  Position found;
  if (place.file >= texts_.size()) return found;
  const std::string_view text = texts_[place.file];
  const auto& starts = line_starts_[place.file];
  const std::size_t offset = std::min<std::size_t>(place.offset, text.size());
  const auto after = std::upper_bound(starts.begin(), starts.end(), offset);
  const std::size_t start = *(after - 1);
  std::size_t end = after == starts.end() ? text.size() : *after - 1;
  if (end > start && text[end - 1] == '\r') --end;
  found.line = static_cast<std::uint32_t>(after - starts.begin());
  found.column = static_cast<std::uint32_t>(offset - start + 1);
  found.offset = offset + static_cast<std::size_t>(text.data() - files_[place.file].text.data());
  found.line_text = text.substr(start, end - start);
  return found;
}

Diagnostic Sources::diagnostic(const Finding& finding) const {
  Diagnostic made;
  made.severity = code_severity(finding.code);
  made.code = code_name(finding.code);
  made.message = finding.message;
  made.hint = finding.hint;
  if (finding.place.file < files_.size()) made.file = files_[finding.place.file].name;
  const Position at = position(finding.place);
  made.line = at.line;
  made.column = at.column;
  made.offset = at.offset;
  made.source_line = at.line_text;
  // The caret stays on its line: a span over several lines is shown up to the end of the first.
  const std::size_t rest = at.line_text.size() >= at.column ? at.line_text.size() - at.column + 1 : 1;
  made.length = static_cast<std::uint32_t>(
      std::clamp<std::size_t>(finding.place.length, 1, std::max<std::size_t>(rest, 1)));
  for (const Enclosing& item : finding.context) {
    const Position begin = position(item.place);
    std::string file = item.place.file < files_.size() ? files_[item.place.file].name : made.file;
    made.context.push_back({item.type, item.name, begin.line, begin.column, begin.offset, std::move(file)});
  }
  return made;
}

}  // namespace saker::rules
