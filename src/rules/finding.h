// Finding: a problem of the author's text while loading goes on; report.cc and load.cc make Diagnostics of
// it. The codes are Falco's, so that tools which read them keep working.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/load.h"
#include "rules/located_text.h"

namespace saker::rules {

enum class Code : std::uint8_t {
  kErrYamlParse,
  kErrYamlValidate,
  kErrCompileCondition,
  kErrCompileOutput,
  kErrValidate,
  kUnknownSource,
  kUnsafeNaCheck,
  kNoEvttype,
  kUnknownFilter,
  kUnusedMacro,
  kUnusedList,
  kUnknownItem,
  kUnknownKey,
  kDeprecatedItem,
  kAppendNoValues,
  kExceptionNameNotUnique,
  kInvalidMacroName,
  kInvalidListName,
  kCompileCondition,
};

std::string_view code_name(Code code);  // "LOAD_ERR_YAML_PARSE"
Severity code_severity(Code code);
// One phrase about what the code stands for; empty for a name that is no code.
std::string_view code_description(std::string_view name);

// An item that holds the place of a finding: rule, macro, list, exception, one of their keys.
struct Enclosing {
  std::string type;
  std::string name;
  Place place;
};

struct Finding {
  Code code = Code::kErrValidate;
  std::string message;
  std::string hint;
  Place place;
  std::vector<Enclosing> context;  // outermost first
};

using Findings = std::vector<Finding>;

// "did you mean 'x'?", or nothing for an empty name.
std::string did_you_mean(std::string_view name);
// The same for the nearest of `known`, if one is near.
std::string did_you_mean(std::string_view unknown, std::span<const std::string_view> known);

// The files of a load and where their lines begin.
class Sources {
 public:
  explicit Sources(const std::vector<RuleFile>& files);

  // Without a leading byte order mark.
  std::string_view text(std::uint32_t file) const { return texts_[file]; }
  const std::string& name(std::uint32_t file) const { return files_[file].name; }

  Diagnostic diagnostic(const Finding& finding) const;
  std::uint32_t line(Place place) const { return position(place).line; }  // 1-based

 private:
  struct Position {
    std::uint32_t line = 1, column = 1;
    std::size_t offset = 0;
    std::string_view line_text;
  };
  Position position(Place place) const;

  const std::vector<RuleFile>& files_;
  std::vector<std::string_view> texts_;
  std::vector<std::vector<std::size_t>> line_starts_;
};

}  // namespace saker::rules
