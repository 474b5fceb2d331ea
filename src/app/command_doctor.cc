#include <fmt/format.h>

#include "app/commands.h"
#include "capture/diagnosis.h"
#include "capture/driver.h"

namespace saker::app {
namespace {

// One line for each program, for people and for the tests that watch these numbers.
int print_programs(const Options& options) {
  capture::DriverOptions driver_options;
  driver_options.every_program = true;
  driver_options.count_verification = true;
  for (const std::string& name : options.without) {
    const auto feature = capture::find_feature(name);
    if (!feature) {
      fmt::print(stderr, "saker: unknown feature '{}': there are {}\n", name, capture::feature_names());
      return kExitBadInput;
    }
    driver_options.without.set(static_cast<std::size_t>(*feature));
  }
  const auto driver = capture::Driver::load(driver_options);
  if (!driver) {
    fmt::print("saker cannot run here: {}\n", driver.error().message);
    return kExitNoProbe;
  }
  fmt::print("\n{:17} {:>12} {:>9} {:>10} {:>13}\n", "program", "instructions", "verified", "verify ms",
             "machine bytes");
  for (const capture::ProgramFacts& program : (*driver)->programs()) {
    if (!program.loaded)
      fmt::print("{:17} {:>12}\n", program.name, "not loaded");
    else
      fmt::print("{:17} {:>12} {:>9} {:>10.1f} {:>13}\n", program.name, program.instructions,
                 program.verified, static_cast<double>(program.verify_us) / 1000, program.machine_bytes);
  }
  return kExitGood;
}

}  // namespace

int command_doctor(const Options& options) {
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
  return options.programs ? print_programs(options) : kExitGood;
}

}  // namespace saker::app
