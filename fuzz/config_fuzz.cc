// parse_config() on any bytes: it must end, within bounds, with findings that have a place. Lines after "%%"
// are overrides of the command line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kSplit = "\n%%\n";
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t split = input.find(kSplit);
  std::string_view rest = split == std::string_view::npos ? "" : input.substr(split + kSplit.size());
  std::vector<std::pair<std::string, std::string>> overrides;
  while (!rest.empty() && overrides.size() < 8) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    const std::size_t equals = line.find('=');
    overrides.emplace_back(line.substr(0, equals),
                           equals == std::string_view::npos ? "" : line.substr(equals + 1));
    rest.remove_prefix(line.size() == rest.size() ? line.size() : line.size() + 1);
  }
  const auto result = saker::app::parse_config("fuzz.yaml", std::string(input.substr(0, split)), overrides);
  for (const saker::rules::Diagnostic& diagnostic : result.report.diagnostics) {
    if (diagnostic.line == 0 || diagnostic.column == 0 || diagnostic.message.empty()) std::abort();
  }
  return 0;
}
