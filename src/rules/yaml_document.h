// A rule file as a tree of YAML nodes that know where they stand. The only place that speaks to the YAML
// library.
//
// Bounded: depth, and the number of nodes after aliases are filled in, since a file of a few lines can ask
// for billions. Covered by yaml_document_test.cc and fuzz/rules_fuzz.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/located_text.h"

namespace saker::rules {

inline constexpr std::size_t kYamlDepthMax = 64;
inline constexpr std::size_t kYamlNodesMax = 1'000'000;

struct YamlEntry;

struct YamlNode {
  enum class Kind : std::uint8_t { kNull, kScalar, kSequence, kMap };

  Kind kind = Kind::kNull;
  Place place;  // where it begins; length 1 unless it is a scalar on one line
  std::string scalar;
  std::vector<YamlNode> items;     // of a sequence
  std::vector<YamlEntry> entries;  // of a map, in order

  // The first entry of that name; later ones are not seen.
  const YamlEntry* find(std::string_view key) const;
};

struct YamlEntry {
  YamlNode key;
  YamlNode value;
};

struct YamlProblem {
  std::string message;
  Place place;
};

struct YamlStream {
  std::vector<YamlNode> documents;
  // Set when the text is not YAML; `documents` then holds what was complete before that place.
  std::optional<YamlProblem> problem;
};

YamlStream parse_yaml(std::string_view text, std::uint32_t file);

}  // namespace saker::rules
