// --config-schema and --rule-schema: JSON schemas (draft 2020-12) for editors and pipelines.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/config_keys.h"

namespace saker::app {
namespace {

using nlohmann::json;

constexpr const char* kDraft = "https://json-schema.org/draft/2020-12/schema";

json type_schema(KeyType type) {
  switch (type) {
    case KeyType::kBool:
      return {{"type", "boolean"}};
    case KeyType::kInteger:
      return {{"type", "integer"}};
    case KeyType::kNumber:
      return {{"type", "number"}};
    case KeyType::kText:
      return {{"type", json::array({"string", "number", "boolean", "null"})}};
    case KeyType::kTexts:
      return {
          {"oneOf",
           {{{"type", "array"}, {"items", {{"type", "string"}}}}, {{"type", "string"}}, {{"type", "null"}}}}};
    case KeyType::kList:
      return {{"type", json::array({"array", "null"})}};
    case KeyType::kMap:
      return {{"type", json::array({"object", "null"})}};
  }
  return json::object();
}

const json kText = {{"type", "string"}};
const json kTexts = {{"type", "array"}, {"items", {{"type", "string"}}}};
const json kFlag = {{"type", "boolean"}};

json item_schema(const char* kind, json properties, json required) {
  properties[kind] = kText;
  properties["append"] = kFlag;
  properties["override"] = {{"type", "object"}};
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}

}  // namespace

int command_config_schema() {
  json root = {{"$schema", kDraft},
               {"title", "Saker's configuration: a falco.yaml, and the section `saker`"},
               {"type", "object"},
               {"additionalProperties", false},
               {"properties", json::object()}};
  for (const ConfigKey& key : config_keys()) {
    json* at = &root;
    std::string_view rest = key.name;
    for (std::size_t dot = 0; (dot = rest.find('.')) != std::string_view::npos; rest.remove_prefix(dot + 1)) {
      json& inner = (*at)["properties"][std::string(rest.substr(0, dot))];
      if (inner.is_null())
        inner = {{"type", json::array({"object", "null"})},
                 {"additionalProperties", false},
                 {"properties", json::object()}};
      at = &inner;
    }
    json schema = type_schema(key.type);
    if (key.apply == nullptr)
      schema["description"] =
          key.why.empty() ? "accepted, without effect" : fmt::format("no effect: {}", key.why);
    (*at)["properties"][std::string(rest)] = std::move(schema);
  }
  fmt::print("{}\n", root.dump(2));
  return kExitGood;
}

int command_rule_schema() {
  const json list = item_schema("list", {{"items", {{"type", "array"}}}}, {"list"});
  const json macro = item_schema("macro", {{"condition", kText}}, {"macro"});
  json rule_keys = {
      {"desc", kText},          {"condition", kText},
      {"output", kText},        {"priority", kText},
      {"source", kText},        {"enabled", kFlag},
      {"capture", kFlag},       {"capture_duration", {{"type", "integer"}}},
      {"warn_evttypes", kFlag}, {"skip-if-unknown-filter", kFlag},
      {"tags", kTexts},         {"exceptions", {{"type", "array"}, {"items", {{"type", "object"}}}}}};
  const json rule = item_schema("rule", std::move(rule_keys), {"rule"});
  const json engine = {
      {"type", "object"},
      {"properties", {{"required_engine_version", {{"type", json::array({"integer", "string"})}}}}},
      {"required", {"required_engine_version"}},
      {"additionalProperties", false}};
  const json plugins = {{"type", "object"},
                        {"properties", {{"required_plugin_versions", {{"type", "array"}}}}},
                        {"required", {"required_plugin_versions"}},
                        {"additionalProperties", false}};
  const json root = {{"$schema", kDraft},
                     {"title", "A Falco rules file"},
                     {"type", "array"},
                     {"items", {{"oneOf", {list, macro, rule, engine, plugins}}}}};
  fmt::print("{}\n", root.dump(2));
  return kExitGood;
}

}  // namespace saker::app
