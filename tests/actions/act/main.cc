// act: a program of many verbs, one for each thing that a rule watches for. Copied under any name, it is a
// small nginx, sshd or java: what it does is said by its first word, never by its name.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "verbs.h"

namespace act {

void fail(std::string_view what) {
  std::fprintf(stderr, "act: %.*s: %s\n", static_cast<int>(what.size()), what.data(), std::strerror(errno));
  std::exit(1);
}

int need(int result, std::string_view what) {
  if (result < 0) fail(what);
  return result;
}

int need(long result, std::string_view what) { return need(static_cast<int>(result), what); }

long number(std::string_view text) {
  long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    errno = EINVAL;
    fail(text);
  }
  return value;
}

int run_child(Words words) {
  const pid_t child = need(fork(), "fork");
  if (child == 0) {
    execvp(words[0], words.data());
    fail(words[0]);
  }
  int status = 0;
  need(waitpid(child, &status, 0), "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void read_some(int fd) {
  char byte = 0;
  need(read(fd, &byte, 1), "read");
}

}  // namespace act

int main(int argc, char** argv) {
  const act::Words words(argv + 1, static_cast<std::size_t>(argc > 0 ? argc - 1 : 0));
  // Without words it is a program that was started, which is all that some rules ask for.
  if (words.empty()) return 0;
  for (const auto verbs : {act::process_verbs(), act::file_verbs(), act::network_verbs(), act::kernel_verbs(),
                           act::evasion_verbs(), act::race_verbs()}) {
    const auto verb = std::ranges::find(verbs, std::string_view(words[0]), &act::Verb::name);
    if (verb == verbs.end()) continue;
    if (words.size() - 1 < verb->words_min) {
      std::fprintf(stderr, "act %s %s\n", words[0], verb->usage.data());
      return 2;
    }
    return verb->run(words.subspan(1));
  }
  return 0;  // the words are there to be seen
}
