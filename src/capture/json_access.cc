#include "capture/json_access.h"

#include <filesystem>
#include <system_error>

#include "base/file.h"

namespace saker::capture {
namespace {

// The parser keeps its own stack on the heap, but a value is freed member by member.
constexpr int kDepthMax = 200;

}  // namespace

std::optional<Json> parse_json(const std::string& text) {
  bool too_deep = false;
  const auto watch = [&too_deep](int depth, Json::parse_event_t, Json&) {
    too_deep |= depth > kDepthMax;
    return !too_deep;
  };
  auto parsed = Json::parse(text, watch, /*allow_exceptions=*/false);
  if (too_deep || (!parsed.is_object() && !parsed.is_array())) return std::nullopt;
  return parsed;
}

std::optional<Json> read_json(const std::string& path, std::size_t bytes_max) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return std::nullopt;
  const auto content = read_file(path, bytes_max);
  return content ? parse_json(*content) : std::nullopt;
}

const Json* member(const Json* object, std::string_view key) {
  if (object == nullptr || !object->is_object()) return nullptr;
  const auto found = object->find(std::string(key));
  return found == object->end() ? nullptr : &*found;
}

const Json* member(const Json* object, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) object = member(object, key);
  return object;
}

std::string text(const Json* object, std::string_view key) {
  const Json* value = member(object, key);
  const auto* found = value == nullptr ? nullptr : value->get_ptr<const std::string*>();
  return found == nullptr ? std::string() : *found;
}

std::optional<bool> boolean(const Json* object, std::string_view key) {
  const Json* value = member(object, key);
  if (value == nullptr || !value->is_boolean()) return std::nullopt;
  return value->get<bool>();
}

std::optional<state::Labels> labels_of(const Json* object, std::size_t value_bytes_max) {
  if (object == nullptr || !object->is_object()) return std::nullopt;
  state::Labels labels;
  for (const auto& [key, value] : object->items()) {
    const auto* found = value.get_ptr<const std::string*>();
    if (found != nullptr && found->size() <= value_bytes_max) labels.emplace(key, *found);
  }
  return labels;
}

}  // namespace saker::capture
