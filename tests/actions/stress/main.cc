#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "stress.h"

namespace stress {
namespace {

constexpr int kDepthMax = 4;
constexpr std::size_t kTogether = 4;  // processes of the first depth that run at a time

// One process's part: who it is, what it does, and whom it starts.
int play(const Part& part) {
  Dice dice(part.seed);
  Json line = describe_process();
  line["kind"] = "process";
  write_line(part, std::move(line));
  const std::size_t steps = 4 + dice.roll(6);
  for (std::size_t i = 0; i < steps; ++i) {
    const std::size_t kind = dice.roll(10);
    if (kind < 4) {
      open_something(part, dice);
    } else if (kind < 6) {
      change_something(part, dice);
    } else if (kind < 9) {
      connect_something(part, dice);
    } else {
      make_descriptor(part, dice);
    }
  }
  for (int child = 0; dice.chance(30); ++child) fork_something(part, dice, child);
  for (int child = 0; part.depth < kDepthMax && dice.chance(35); ++child) start_something(part, dice, child);
  return static_cast<int>(dice.roll(5));
}

// The first process: starts the others, a few at a time.
int direct(const Part& part, std::size_t count) {
  std::size_t running = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (running == kTogether && wait(nullptr) > 0) --running;
    const pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) {
      Dice dice(part.seed + static_cast<unsigned>(i));
      start_something(part, dice, static_cast<int>(i));
      _exit(0);
    }
    ++running;
  }
  while (wait(nullptr) > 0) {
  }
  return 0;
}

const char* environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace
}  // namespace stress

// stress FOLDER LOG SEED COUNT starts everything; with STRESS_TOKEN in its environment it is one of those
// started.
int main(int argc, char** argv) {
  using namespace stress;
  if (*environment("STRESS_TOKEN") != '\0') {
    return play({.folder = environment("STRESS_FOLDER"),
                 .log = environment("STRESS_LOG"),
                 .token = environment("STRESS_TOKEN"),
                 .seed = static_cast<unsigned>(std::strtoul(environment("STRESS_SEED"), nullptr, 10)),
                 .depth = std::atoi(environment("STRESS_DEPTH"))});
  }
  if (argc != 5) {
    std::fprintf(stderr, "stress FOLDER LOG SEED COUNT\n");
    return 2;
  }
  return direct({.folder = argv[1],
                 .log = argv[2],
                 .token = "t",
                 .seed = static_cast<unsigned>(std::strtoul(argv[3], nullptr, 10))},
                std::strtoul(argv[4], nullptr, 10));
}
