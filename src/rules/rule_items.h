// YAML → items: what one file says, its form checked, nothing looked up yet.
//
// An item whose form is wrong leaves findings and a BrokenItem, so that whoever refers to it is not told
// that it does not exist.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "rules/finding.h"
#include "rules/located_text.h"
#include "rules/rule.h"
#include "rules/yaml_document.h"

namespace saker::rules {

struct ListItem {
  enum class Change : std::uint8_t { kDefine, kAppend };
  std::string name;
  Place place;
  Change change = Change::kDefine;
  std::vector<std::string> items;
};

struct MacroItem {
  enum class Change : std::uint8_t { kDefine, kAppend };
  std::string name;
  Place place;
  Change change = Change::kDefine;
  LocatedText condition;
};

// One text, or a list of such (of lists, in the rows of `values`).
struct ExceptionValue {
  bool is_list = false;
  LocatedText text;
  std::vector<ExceptionValue> items;
  Place place;
};

struct ExceptionItem {
  std::string name;
  Place place;
  std::optional<ExceptionValue> fields;
  std::optional<ExceptionValue> comps;
  std::optional<std::vector<ExceptionValue>> values;
  Place values_place;
};

// Keys of a rule that may be overridden; bits, so that an item can say which.
enum RuleKey : std::uint16_t {
  kConditionKey = 1 << 0,
  kOutputKey = 1 << 1,
  kDescKey = 1 << 2,
  kTagsKey = 1 << 3,
  kExceptionsKey = 1 << 4,
  kPriorityKey = 1 << 5,
  kEnabledKey = 1 << 6,
  kWarnEvttypesKey = 1 << 7,
  kSkipUnknownKey = 1 << 8,
  kCaptureKey = 1 << 9,
  kCaptureDurationKey = 1 << 10,
};

struct RuleItem {
  enum class Change : std::uint8_t { kDefine, kAppend, kOverride, kEnable };
  std::string name;
  Place place;
  Change change = Change::kDefine;
  std::uint16_t appended = 0;  // RuleKey bits, with kOverride
  std::uint16_t replaced = 0;
  std::optional<std::string> description;
  std::optional<LocatedText> condition;
  std::optional<LocatedText> output;
  std::optional<Priority> priority;
  std::optional<std::string> source;
  Place source_place;
  std::optional<std::vector<std::string>> tags;
  std::optional<std::vector<ExceptionItem>> exceptions;
  std::optional<bool> enabled, warn_evttypes, skip_if_unknown_filter, capture;
  std::optional<std::uint32_t> capture_duration_ms;
};

// One of these plugins must be there.
struct PluginItem {
  struct Version {
    std::string name, version;
  };
  Place place;
  std::vector<Version> alternatives;  // the required one first
};

enum class ItemKind : std::uint8_t { kList, kMacro, kRule };
struct BrokenItem {
  ItemKind kind = ItemKind::kRule;
  std::string name;
};

using Item = std::variant<ListItem, MacroItem, RuleItem, PluginItem, BrokenItem>;

struct FileItems {
  std::vector<Item> items;
  Findings findings;
  bool incomplete = false;  // the file is not YAML from some place on
};

FileItems read_items(std::string_view text, std::uint32_t file);

}  // namespace saker::rules
