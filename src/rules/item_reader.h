// ItemReader: the keys of one YAML map, taken out with their types checked. What is wrong becomes a
// finding at the key; the caller gets nothing for it and asks failed() at the end.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/finding.h"
#include "rules/yaml_document.h"

namespace saker::rules {

class ItemReader {
 public:
  // `map` and `findings` must outlive the reader.
  ItemReader(const YamlNode& map, std::string_view file_text, Findings& findings,
             std::vector<Enclosing> context);

  bool has(std::string_view key) const { return map_.find(key) != nullptr; }
  const YamlEntry* find(std::string_view key) const { return map_.find(key); }
  bool failed() const { return failed_; }
  void fail() { failed_ = true; }  // a part read on its own failed and said why

  // Nothing when the key is absent. A null, a sequence or map, and an empty text are errors.
  std::optional<std::string> text(std::string_view key);
  std::optional<LocatedText> located(std::string_view key);
  std::optional<bool> boolean(std::string_view key);
  std::optional<std::uint32_t> number(std::string_view key);
  std::optional<std::vector<std::string>> texts(std::string_view key);
  // A sequence, whatever is in it; null when absent or not one.
  const YamlNode* sequence(std::string_view key);

  // The text of a scalar of this file with its places.
  LocatedText locate(const YamlNode& scalar) const;

  // One error that names every key of `keys` that is absent.
  void require(std::span<const std::string_view> keys);
  // Warns of keys that are not in `known`, and of keys given twice.
  void warn_unknown(std::span<const std::string_view> known);

  void error(Code code, std::string message, Place place, std::string hint = {});
  void error_at(std::string_view key, Code code, std::string message, std::string hint = {});
  void warning(Code code, std::string message, Place place, std::string hint = {});

  const std::vector<Enclosing>& context() const { return context_; }
  // The name is known only once it was read.
  void set_name(std::string name) { context_.back().name = std::move(name); }

 private:
  const YamlNode* scalar(std::string_view key);

  const YamlNode& map_;
  std::string_view file_text_;
  Findings& findings_;
  std::vector<Enclosing> context_;
  bool failed_ = false;
};

// YAML 1.1's words: true, yes, on, y and their opposites, in lower case, capitalised or upper case.
std::optional<bool> parse_yaml_boolean(std::string_view text);

// What a node is, for messages: "a text", "a list", "a map", "nothing".
std::string_view kind_text(const YamlNode& node);

}  // namespace saker::rules
