// load_rules() on any bytes: it must end, within bounds, and its reports must be printable. A line "%%"
// splits the input into several files.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "fields/catalogue.h"
#include "rules/load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace saker::rules;
  constexpr std::string_view kSplit = "\n%%\n";
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::vector<RuleFile> files;
  while (files.size() < 4) {
    const std::size_t end = rest.find(kSplit);
    files.push_back({"file" + std::to_string(files.size()), std::string(rest.substr(0, end))});
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + kSplit.size());
  }
  const LoadResult result = load_rules(files, saker::fields::syscall_catalogue(), {});
  bool good = true;
  for (const FileReport& report : result.reports) {
    good = good && report.ok();
    for (const Diagnostic& diagnostic : report.diagnostics) {
      if (diagnostic.line == 0 || diagnostic.column == 0 || diagnostic.length == 0) std::abort();
    }
  }
  if (good != (result.rules != nullptr)) std::abort();
  if (text_report(result.reports).empty() || json_report(result.reports).empty()) std::abort();
  return 0;
}
