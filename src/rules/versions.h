// Version requirements of rule files.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace saker::rules {

struct Version {
  std::uint32_t major = 0, minor = 0, patch = 0;
  auto operator<=>(const Version&) const = default;
};

// The rule engine whose language this is.
inline constexpr Version kEngineVersion{0, 63, 0};

// x.y.z, with a semantic version's -suffix or +build, which do not count; nothing for other text.
std::optional<Version> parse_version(std::string_view text);
// The same, and N stands for 0.N.0.
std::optional<Version> parse_engine_version(std::string_view text);

// Whether what is there serves who asks: same major number, and not older.
bool is_compatible(Version there, Version required);

// A plugin whose fields are built in.
bool is_built_in_plugin(std::string_view name);

}  // namespace saker::rules
