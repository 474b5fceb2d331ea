#include <bpf/libbpf.h>
#include <fmt/format.h>

#include "app/commands.h"
#include "capture/diagnosis.h"

#ifndef SAKER_VERSION
#error "the build passes SAKER_VERSION"
#endif

namespace saker::app {

int command_doctor() {
  const capture::Diagnosis diagnosis = capture::diagnose();
  for (const capture::Check& check : diagnosis.checks) {
    std::string_view mark = "ok";
    if (check.verdict == capture::Check::Verdict::kWarning) mark = "warning";
    if (check.verdict == capture::Check::Verdict::kFailed) mark = "MISSING";
    fmt::print("{:8} {:17} {}\n", mark, check.name, check.sentence);
  }
  if (const capture::Check* failure = diagnosis.first_failure()) {
    fmt::print("saker cannot run here: {}\n", failure->sentence);
    return kExitNoProbe;
  }
  fmt::print("saker can run here\n");
  return kExitGood;
}

int command_version() {
  fmt::print("saker {}\nreads Falco rules up to engine version 0.63.0\nlibbpf {}\n", SAKER_VERSION,
             libbpf_version_string());
  return kExitGood;
}

}  // namespace saker::app
