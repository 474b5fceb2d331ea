#include "rules/rule_items.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "rules/exception_items.h"
#include "rules/item_reader.h"
#include "rules/versions.h"

namespace saker::rules {
namespace {

using Kind = YamlNode::Kind;
using Keys = std::span<const std::string_view>;

// The first of these that an item has says what it is.
constexpr std::array<std::string_view, 5> kKinds = {"required_engine_version", "required_plugin_versions",
                                                    "list", "macro", "rule"};
constexpr std::array<std::string_view, 4> kListKeys = {"list", "items", "append", "override"};
constexpr std::array<std::string_view, 4> kMacroKeys = {"macro", "condition", "append", "override"};
constexpr std::array<std::string_view, 15> kRuleKeys = {"rule",
                                                        "desc",
                                                        "condition",
                                                        "output",
                                                        "priority",
                                                        "source",
                                                        "enabled",
                                                        "capture",
                                                        "warn_evttypes",
                                                        "tags",
                                                        "append",
                                                        "override",
                                                        "exceptions",
                                                        "skip-if-unknown-filter",
                                                        "capture_duration"};
constexpr std::array<std::string_view, 1> kItemsKey = {"items"};
constexpr std::array<std::string_view, 1> kConditionOnly = {"condition"};
constexpr std::array<std::string_view, 4> kDefinitionKeys = {"desc", "condition", "output", "priority"};
constexpr std::array<std::string_view, 2> kVersionKeys = {"name", "version"};

struct OverridableKey {
  std::string_view name;
  RuleKey bit;
  bool may_append;
};
constexpr std::array<OverridableKey, 11> kOverridable = {{
    {"condition", kConditionKey, true},
    {"output", kOutputKey, true},
    {"desc", kDescKey, true},
    {"tags", kTagsKey, true},
    {"exceptions", kExceptionsKey, true},
    {"priority", kPriorityKey, false},
    {"enabled", kEnabledKey, false},
    {"warn_evttypes", kWarnEvttypesKey, false},
    {"skip-if-unknown-filter", kSkipUnknownKey, false},
    {"capture", kCaptureKey, false},
    {"capture_duration", kCaptureDurationKey, false},
}};

constexpr std::array<std::string_view, 9> kPriorities = {
    "EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFORMATIONAL", "INFO", "DEBUG"};

std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c;
  return text;
}

bool is_list_name(std::string_view name) {
  return !name.empty() && name.find_first_of(" \t\r\n()\"'=,") == std::string_view::npos;
}

bool is_macro_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto part = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && letter(name[0]) && std::ranges::all_of(name, part);
}

// The `override` map as two sets of keys.
struct Override {
  bool present = false;  // an empty one, or one that is no map, counts as none
  std::uint16_t appended = 0;
  std::uint16_t replaced = 0;
};

void read_override_entry(ItemReader& reader, const YamlEntry& entry, std::span<const OverridableKey> keys,
                         Override& into) {
  const std::string& key = entry.key.scalar;
  const auto found = std::ranges::find(keys, key, &OverridableKey::name);
  if (found == keys.end()) {
    std::vector<std::string_view> names;
    for (const OverridableKey& known : keys) names.push_back(known.name);
    reader.error(Code::kErrYamlValidate, fmt::format("'{}' cannot be overridden", key), entry.key.place,
                 did_you_mean(key, names));
    return;
  }
  const std::string& operation = entry.value.scalar;
  const bool append = operation == "append";
  if (!append && operation != "replace") {
    reader.error(Code::kErrYamlValidate,
                 fmt::format("override of '{}' must be 'append' or 'replace', not '{}'", key, operation),
                 entry.value.kind == Kind::kNull ? entry.key.place : entry.value.place);
    return;
  }
  if (append && !found->may_append) {
    reader.error(Code::kErrYamlValidate, fmt::format("'{}' can be replaced but not appended to", key),
                 entry.value.place);
    return;
  }
  if (!reader.has(key)) {
    reader.error(Code::kErrYamlValidate,
                 fmt::format("'{}' is to be overridden but the item does not have it", key), entry.key.place);
    return;
  }
  (append ? into.appended : into.replaced) |= static_cast<std::uint16_t>(found->bit);
}

Override read_override(ItemReader& reader, std::span<const OverridableKey> keys) {
  Override made;
  const YamlEntry* entry = reader.find("override");
  if (entry == nullptr || entry->value.kind != Kind::kMap || entry->value.entries.empty()) return made;
  made.present = true;
  for (const YamlEntry& change : entry->value.entries) read_override_entry(reader, change, keys, made);
  if (reader.failed()) return made;
  for (const OverridableKey& key : keys) {
    const YamlEntry* given = reader.find(key.name);
    if (given == nullptr || ((made.appended | made.replaced) & key.bit) != 0) continue;
    reader.error(Code::kErrYamlValidate,
                 fmt::format("'{}' is given but not listed under override: say whether to append or replace",
                             key.name),
                 given->key.place);
  }
  return made;
}

// append: true, the old way to say override.
bool read_append(ItemReader& reader, std::string_view instead) {
  const bool append = reader.boolean("append").value_or(false);
  if (append) {
    reader.warning(Code::kDeprecatedItem, "'append' is an old form", reader.find("append")->key.place,
                   std::string(instead));
  }
  return append;
}

void refuse_both(ItemReader& reader, bool append, const Override& change) {
  if (!append || !change.present) return;
  reader.error_at("append", Code::kErrYamlValidate, "'append' and 'override' exclude each other",
                  "keep 'override' only");
}

class FileReader {
 public:
  FileReader(std::string_view text, std::uint32_t file) : text_(text), file_(file) {}

  FileItems run() {
    const YamlStream stream = parse_yaml(text_, file_);
    for (const YamlNode& document : stream.documents) read_document(document);
    if (stream.problem) {
      made_.incomplete = true;
      problem(Code::kErrYamlParse, "not valid YAML: " + stream.problem->message, stream.problem->place);
    }
    return std::move(made_);
  }

 private:
  void problem(Code code, std::string message, Place place, std::string hint = {}) {
    made_.findings.push_back({code, std::move(message), std::move(hint), place, {}});
  }

  void read_document(const YamlNode& document) {
    if (document.kind == Kind::kNull) return;
    if (document.kind != Kind::kSequence) {
      problem(Code::kErrYamlValidate,
              fmt::format("a rule file must be a list of items, not {}", kind_text(document)), document.place,
              "begin each item with '- '");
      return;
    }
    for (const YamlNode& item : document.items) {
      if (item.kind == Kind::kNull) continue;
      if (item.kind == Kind::kMap) {
        read_item(item);
      } else {
        problem(Code::kErrYamlValidate, fmt::format("an item must be a map, not {}", kind_text(item)),
                item.place);
      }
    }
  }

  void read_item(const YamlNode& item) {
    const auto kind = std::ranges::find_if(kKinds, [&](auto key) { return item.find(key) != nullptr; });
    if (kind == kKinds.end()) {
      const YamlEntry* first = item.entries.empty() ? nullptr : &item.entries.front();
      const std::string_view key = first == nullptr ? std::string_view() : first->key.scalar;
      problem(Code::kUnknownItem, "an item of no known kind: it is neither rule, macro nor list",
              first == nullptr ? item.place : first->key.place, did_you_mean(key, kKinds));
      return;
    }
    const Place place = item.find(*kind)->key.place;
    ItemReader reader(item, text_, made_.findings, {{std::string(*kind), "", place}});
    if (*kind == "required_engine_version") return read_engine_version(reader);
    if (*kind == "required_plugin_versions") return read_plugin_versions(reader);
    const std::optional<std::string> name = reader.text(*kind);
    if (name) reader.set_name(*name);
    if (*kind == "list") return read_list(reader, name.value_or(""), place);
    if (*kind == "macro") return read_macro(reader, name.value_or(""), place);
    read_rule(reader, name.value_or(""), place);
  }

  void keep(const ItemReader& reader, ItemKind kind, Item item, const std::string& name) {
    if (reader.failed()) item = BrokenItem{kind, name};
    made_.items.push_back(std::move(item));
  }

  void read_engine_version(ItemReader& reader) {
    constexpr std::array<std::string_view, 1> kKnown = {"required_engine_version"};
    reader.warn_unknown(kKnown);
    const auto text = reader.text(kKnown[0]);
    if (!text) return;
    const auto version = parse_engine_version(*text);
    if (!version) {
      reader.error_at(kKnown[0], Code::kErrYamlValidate,
                      fmt::format("'{}' is neither a version x.y.z nor a whole number", *text));
    } else if (!is_compatible(kEngineVersion, *version)) {
      reader.error_at(kKnown[0], Code::kErrValidate,
                      fmt::format("the file needs rule engine {}, this one is {}.{}.{}", *text,
                                  kEngineVersion.major, kEngineVersion.minor, kEngineVersion.patch));
    }
  }

  void read_plugin_versions(ItemReader& reader) {
    constexpr std::array<std::string_view, 1> kKnown = {"required_plugin_versions"};
    reader.warn_unknown(kKnown);
    const YamlNode* list = reader.sequence(kKnown[0]);
    if (list == nullptr) return;
    for (const YamlNode& node : list->items) {
      PluginItem item;
      item.place = node.place;
      const YamlEntry* others = node.find("alternatives");
      bool good = read_plugin(reader, node, item);
      if (others != nullptr && others->value.kind != Kind::kSequence) {
        reader.error(Code::kErrYamlValidate, "'alternatives' must be a list", others->key.place);
        good = false;
      } else if (others != nullptr) {
        for (const YamlNode& other : others->value.items) good = read_plugin(reader, other, item) && good;
      }
      if (good) made_.items.emplace_back(std::move(item));
    }
  }

  bool read_plugin(ItemReader& outer, const YamlNode& node, PluginItem& into) {
    if (node.kind != Kind::kMap) {
      outer.error(Code::kErrYamlValidate, fmt::format("a plugin must be a map, not {}", kind_text(node)),
                  node.place);
      return false;
    }
    auto context = outer.context();
    context.push_back({"plugin", "", node.place});
    ItemReader reader(node, text_, made_.findings, std::move(context));
    reader.require(kVersionKeys);
    const auto name = reader.text("name");
    const auto version = reader.text("version");
    if (!name || !version) return false;
    if (!parse_version(*version)) {
      reader.error_at("version", Code::kErrValidate, fmt::format("'{}' is not a version x.y.z", *version));
    }
    if (std::ranges::find(into.alternatives, *name, &PluginItem::Version::name) != into.alternatives.end()) {
      reader.error_at("name", Code::kErrValidate, fmt::format("plugin '{}' is named twice", *name));
    }
    into.alternatives.push_back({*name, *version});
    return !reader.failed();
  }

  void read_list(ItemReader& reader, const std::string& name, Place place) {
    constexpr std::array<OverridableKey, 1> kKeys = {{{"items", kConditionKey, true}}};
    reader.warn_unknown(kListKeys);
    ListItem item;
    item.name = name;
    item.place = place;
    reader.require(kItemsKey);
    item.items = reader.texts("items").value_or(std::vector<std::string>());
    const bool append = read_append(reader, "write override: {items: append}");
    const Override change = read_override(reader, kKeys);
    refuse_both(reader, append, change);
    if (append || change.appended != 0) item.change = ListItem::Change::kAppend;
    if (!name.empty() && !is_list_name(name)) {
      reader.warning(Code::kInvalidListName, fmt::format("no condition can name the list '{}'", name),
                     reader.find("list")->value.place, "leave out blanks and ( ) \" ' = ,");
    }
    keep(reader, ItemKind::kList, std::move(item), name);
  }

  void read_macro(ItemReader& reader, const std::string& name, Place place) {
    constexpr std::array<OverridableKey, 1> kKeys = {{{"condition", kConditionKey, true}}};
    reader.warn_unknown(kMacroKeys);
    MacroItem item;
    item.name = name;
    item.place = place;
    reader.require(kConditionOnly);
    item.condition = reader.located("condition").value_or(LocatedText());
    const bool append = read_append(reader, "write override: {condition: append}");
    const Override change = read_override(reader, kKeys);
    refuse_both(reader, append, change);
    if (append || change.appended != 0) item.change = MacroItem::Change::kAppend;
    if (!name.empty() && !is_macro_name(name)) {
      reader.warning(Code::kInvalidMacroName, fmt::format("no condition can name the macro '{}'", name),
                     reader.find("macro")->value.place, "use a letter, then letters, digits and _");
    }
    keep(reader, ItemKind::kMacro, std::move(item), name);
  }

  void read_rule(ItemReader& reader, const std::string& name, Place place) {
    reader.warn_unknown(kRuleKeys);
    RuleItem item;
    item.name = name;
    item.place = place;
    const bool append = read_append(reader, "write override: {condition: append}");
    const Override change = read_override(reader, kOverridable);
    refuse_both(reader, append, change);
    if (reader.failed()) return keep(reader, ItemKind::kRule, std::move(item), name);
    const bool defines = std::ranges::any_of(kDefinitionKeys, [&](auto key) { return reader.has(key); });
    if (append) {
      item.change = RuleItem::Change::kAppend;
      read_appended(reader, item);
    } else if (change.present) {
      item.change = RuleItem::Change::kOverride;
      item.appended = change.appended;
      item.replaced = change.replaced;
      read_keys(reader, item, (change.replaced & kExceptionsKey) != 0);
    } else if (!defines && reader.has("enabled")) {
      item.change = RuleItem::Change::kEnable;
      reader.warning(Code::kDeprecatedItem, "a rule item with 'enabled' alone is an old form",
                     reader.find("enabled")->key.place, "write override: {enabled: replace}");
      item.enabled = reader.boolean("enabled");
    } else {
      reader.require(kDefinitionKeys);
      read_keys(reader, item, true);
      if (item.source && item.source->empty()) {
        reader.error_at("source", Code::kErrYamlValidate, "'source' must not be empty");
      }
    }
    keep(reader, ItemKind::kRule, std::move(item), name);
  }

  void read_appended(ItemReader& reader, RuleItem& item) {
    if (!reader.has("condition") && !reader.has("exceptions")) {
      reader.error_at("append", Code::kErrYamlValidate,
                      "nothing to append: give 'condition' or 'exceptions'");
    }
    item.condition = reader.located("condition");
    read_source(reader, item);
    read_rule_exceptions(reader, item, false);
  }

  void read_source(ItemReader& reader, RuleItem& item) {
    const YamlEntry* entry = reader.find("source");
    if (entry == nullptr) return;
    item.source_place = entry->value.place;
    const bool empty = entry->value.kind == Kind::kScalar && entry->value.scalar.empty();
    item.source = empty ? std::string() : reader.text("source");
  }

  void read_rule_exceptions(ItemReader& reader, RuleItem& item, bool fields_required) {
    if (!reader.has("exceptions")) return;
    item.exceptions = read_exceptions(reader, text_, made_.findings, fields_required);
    if (!item.exceptions) reader.fail();
  }

  void read_keys(ItemReader& reader, RuleItem& item, bool fields_required) {
    item.description = reader.text("desc");
    item.condition = reader.located("condition");
    item.output = reader.located("output");
    if (item.output) item.output->trim();
    if (const auto text = reader.text("priority")) {
      item.priority = parse_priority(*text);
      if (!item.priority) {
        reader.error_at("priority", Code::kErrYamlValidate, fmt::format("unknown priority '{}'", *text),
                        did_you_mean(upper(*text), kPriorities));
      }
    }
    read_source(reader, item);
    item.tags = reader.texts("tags");
    item.enabled = reader.boolean("enabled");
    item.warn_evttypes = reader.boolean("warn_evttypes");
    item.skip_if_unknown_filter = reader.boolean("skip-if-unknown-filter");
    item.capture = reader.boolean("capture");
    item.capture_duration_ms = reader.number("capture_duration");
    read_rule_exceptions(reader, item, fields_required);
  }

  std::string_view text_;
  std::uint32_t file_;
  FileItems made_;
};

}  // namespace

FileItems read_items(std::string_view text, std::uint32_t file) { return FileReader(text, file).run(); }

}  // namespace saker::rules
