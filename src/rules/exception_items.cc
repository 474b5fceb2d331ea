#include "rules/exception_items.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace saker::rules {
namespace {

using Kind = YamlNode::Kind;

constexpr std::array<std::string_view, 4> kKeys = {"name", "fields", "comps", "values"};
constexpr std::array<std::string_view, 1> kNameKey = {"name"};
constexpr std::array<std::string_view, 1> kFieldsKey = {"fields"};

// The rows of `values` may hold lists; nothing lies deeper.
constexpr int kValueDepthMax = 2;

std::optional<ExceptionValue> read_value(ItemReader& reader, const YamlNode& node, std::string_view key,
                                         int depth) {
  ExceptionValue value;
  value.place = node.place;
  if (node.kind == Kind::kScalar) {
    value.text = reader.locate(node);
    return value;
  }
  if (node.kind != Kind::kSequence || depth == 0) {
    reader.error(Code::kErrYamlValidate,
                 fmt::format("'{}' must hold {} here, not {}", key,
                             depth == 0 ? "a text" : "a text or a list", kind_text(node)),
                 node.place);
    return std::nullopt;
  }
  value.is_list = true;
  for (const YamlNode& item : node.items) {
    auto inner = read_value(reader, item, key, depth - 1);
    if (!inner) return std::nullopt;
    value.items.push_back(*std::move(inner));
  }
  return value;
}

// `fields` and `comps`: one text or a list of texts, none of them empty.
std::optional<ExceptionValue> read_texts(ItemReader& reader, std::string_view key) {
  const YamlEntry* entry = reader.find(key);
  if (entry == nullptr) return std::nullopt;
  auto value = read_value(reader, entry->value, key, 1);
  if (!value) return std::nullopt;
  bool empty = !value->is_list && value->text.empty();
  for (const ExceptionValue& item : value->items) empty = empty || item.text.empty();
  if (empty) {
    reader.error(Code::kErrYamlValidate, fmt::format("'{}' must not be empty", key), value->place);
    return std::nullopt;
  }
  return value;
}

std::optional<std::vector<ExceptionValue>> read_values(ItemReader& reader) {
  const YamlNode* node = reader.sequence("values");
  if (node == nullptr) return std::nullopt;
  std::vector<ExceptionValue> values;
  for (const YamlNode& item : node->items) {
    auto value = read_value(reader, item, "values", kValueDepthMax);
    if (!value) return std::nullopt;
    values.push_back(*std::move(value));
  }
  return values;
}

}  // namespace

std::optional<std::vector<ExceptionItem>> read_exceptions(ItemReader& rule, std::string_view file_text,
                                                          Findings& findings, bool fields_required) {
  const YamlNode* list = rule.sequence("exceptions");
  if (list == nullptr) return std::nullopt;
  bool failed = false;
  std::vector<ExceptionItem> taken;
  for (const YamlNode& node : list->items) {
    if (node.kind != Kind::kMap) {
      rule.error(Code::kErrYamlValidate,
                 fmt::format("an exception must be a map, this one is {}", kind_text(node)), node.place);
      failed = true;
      continue;
    }
    auto context = rule.context();
    context.push_back({"exception", "", node.place});
    ItemReader reader(node, file_text, findings, std::move(context));
    ExceptionItem item;
    item.place = node.place;
    reader.require(kNameKey);
    item.name = reader.text("name").value_or("");
    reader.set_name(item.name);
    if (fields_required) reader.require(kFieldsKey);
    item.fields = read_texts(reader, "fields");
    item.comps = read_texts(reader, "comps");
    item.values = read_values(reader);
    if (const YamlEntry* values = reader.find("values")) item.values_place = values->key.place;
    reader.warn_unknown(kKeys);
    failed = failed || reader.failed();
    taken.push_back(std::move(item));
  }
  if (failed) return std::nullopt;
  return taken;
}

}  // namespace saker::rules
