#include "rules/item_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "rules/scalar_places.h"

namespace saker::rules {
namespace {

using Kind = YamlNode::Kind;

bool is_word(std::string_view text, std::string_view word) {
  if (text.size() != word.size()) return false;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (!std::ranges::equal(text, word, {}, lower)) return false;
  const bool rest_upper = std::ranges::all_of(text.substr(1), upper);
  const bool rest_lower = std::ranges::none_of(text.substr(1), upper);
  return rest_lower || (rest_upper && upper(text[0]));
}

// A null has no place of its own worth pointing at.
Place value_place(const YamlEntry& entry) {
  return entry.value.kind == Kind::kNull ? entry.key.place : entry.value.place;
}

}  // namespace

std::optional<bool> parse_yaml_boolean(std::string_view text) {
  for (const std::string_view word : {"true", "yes", "on", "y"}) {
    if (is_word(text, word)) return true;
  }
  for (const std::string_view word : {"false", "no", "off", "n"}) {
    if (is_word(text, word)) return false;
  }
  return std::nullopt;
}

std::string_view kind_text(const YamlNode& node) {
  switch (node.kind) {
    case Kind::kNull:
      return "nothing";
    case Kind::kScalar:
      return "a text";
    case Kind::kSequence:
      return "a list";
    case Kind::kMap:
      return "a map";
  }
  return {};
}

ItemReader::ItemReader(const YamlNode& map, std::string_view file_text, Findings& findings,
                       std::vector<Enclosing> context)
    : map_(map), file_text_(file_text), findings_(findings), context_(std::move(context)) {}

void ItemReader::error(Code code, std::string message, Place place, std::string hint) {
  failed_ = true;
  findings_.push_back({code, std::move(message), std::move(hint), place, context_});
}

void ItemReader::error_at(std::string_view key, Code code, std::string message, std::string hint) {
  const YamlEntry* entry = map_.find(key);
  error(code, std::move(message), entry != nullptr ? value_place(*entry) : map_.place, std::move(hint));
}

void ItemReader::warning(Code code, std::string message, Place place, std::string hint) {
  findings_.push_back({code, std::move(message), std::move(hint), place, context_});
}

LocatedText ItemReader::locate(const YamlNode& scalar) const {
  return locate_scalar(scalar.scalar, file_text_, scalar.place.file, scalar.place.offset);
}

const YamlNode* ItemReader::scalar(std::string_view key) {
  const YamlEntry* entry = map_.find(key);
  if (entry == nullptr) return nullptr;
  if (entry->value.kind != Kind::kScalar) {
    error_at(key, Code::kErrYamlValidate,
             fmt::format("'{}' must be a text, not {}", key, kind_text(entry->value)));
    return nullptr;
  }
  if (entry->value.scalar.empty()) {
    error_at(key, Code::kErrYamlValidate, fmt::format("'{}' must not be empty", key));
    return nullptr;
  }
  return &entry->value;
}

std::optional<std::string> ItemReader::text(std::string_view key) {
  const YamlNode* node = scalar(key);
  if (node == nullptr) return std::nullopt;
  return node->scalar;
}

std::optional<LocatedText> ItemReader::located(std::string_view key) {
  const YamlNode* node = scalar(key);
  if (node == nullptr) return std::nullopt;
  return locate(*node);
}

std::optional<bool> ItemReader::boolean(std::string_view key) {
  const YamlNode* node = scalar(key);
  if (node == nullptr) return std::nullopt;
  const auto value = parse_yaml_boolean(node->scalar);
  if (!value) {
    error_at(key, Code::kErrYamlValidate,
             fmt::format("'{}' must be true or false, not '{}'", key, node->scalar));
  }
  return value;
}

std::optional<std::uint32_t> ItemReader::number(std::string_view key) {
  const YamlNode* node = scalar(key);
  if (node == nullptr) return std::nullopt;
  const std::string& text = node->scalar;
  std::uint32_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) {
    error_at(key, Code::kErrYamlValidate,
             fmt::format("'{}' must be a number from 0 to 4294967295, not '{}'", key, text));
    return std::nullopt;
  }
  return value;
}

const YamlNode* ItemReader::sequence(std::string_view key) {
  const YamlEntry* entry = map_.find(key);
  if (entry == nullptr) return nullptr;
  if (entry->value.kind != Kind::kSequence) {
    error_at(key, Code::kErrYamlValidate,
             fmt::format("'{}' must be a list, not {}", key, kind_text(entry->value)));
    return nullptr;
  }
  return &entry->value;
}

std::optional<std::vector<std::string>> ItemReader::texts(std::string_view key) {
  const YamlNode* node = sequence(key);
  if (node == nullptr) return std::nullopt;
  std::vector<std::string> taken;
  for (const YamlNode& item : node->items) {
    if (item.kind != Kind::kScalar) {
      error(Code::kErrYamlValidate,
            fmt::format("every element of '{}' must be a text, this one is {}", key, kind_text(item)),
            item.place);
      return std::nullopt;
    }
    taken.push_back(item.scalar);
  }
  return taken;
}

void ItemReader::require(std::span<const std::string_view> keys) {
  std::string missing;
  for (const std::string_view key : keys) {
    if (has(key)) continue;
    missing += fmt::format("{}'{}'", missing.empty() ? "" : ", ", key);
  }
  if (missing.empty()) return;
  error(Code::kErrYamlValidate, fmt::format("required here but missing: {}", missing), context_.back().place);
}

void ItemReader::warn_unknown(std::span<const std::string_view> known) {
  for (const YamlEntry& entry : map_.entries) {
    const std::string& key = entry.key.scalar;
    if (map_.find(key) != &entry) {
      if (entry.key.kind == Kind::kScalar) {
        warning(Code::kUnknownKey, fmt::format("'{}' was given before; only the first counts", key),
                entry.key.place);
      }
    } else if (std::ranges::find(known, key) == known.end()) {
      warning(Code::kUnknownKey, fmt::format("unknown key '{}'", key), entry.key.place,
              did_you_mean(key, known));
    }
  }
}

}  // namespace saker::rules
