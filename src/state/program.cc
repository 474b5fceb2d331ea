#include "state/program.h"

#include <absl/hash/hash.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <tuple>

namespace saker::state {
namespace {

std::uint64_t next_number() {
  static std::atomic<std::uint64_t> last = 0;
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

auto numbers(const event::ExeFile& file) {
  return std::tuple(file.ino, file.ctime_ns, file.mtime_ns, file.dev, file.writable, file.upper_layer,
                    file.lower_layer, file.from_memfd);
}

bool has_details(const ProgramText& text) {
  return text.environment.has_value() || text.args.size() > Programs::kArgsKept ||
         text.exepath.size() > Programs::kExepathKept;
}

}  // namespace

ProgramText Program::text() const {
  return {.exepath = exepath(),
          .args = args(),
          .environment = environment(),
          .args_truncated = args_truncated_,
          .args_bytes = args_bytes_,
          .exe_file = exe_file()};
}

void Program::set_texts(const ProgramText& text) {
  const std::string_view environment = text.environment.value_or("");
  auto texts =
      std::make_unique_for_overwrite<char[]>(text.exepath.size() + text.args.size() + environment.size());
  char* end = std::ranges::copy(text.exepath, texts.get()).out;
  end = std::ranges::copy(text.args, end).out;
  std::ranges::copy(environment, end);
  texts_ = std::move(texts);  // `text` may be of these
  exepath_bytes_ = static_cast<std::uint32_t>(text.exepath.size());
  args_kept_ = static_cast<std::uint32_t>(text.args.size());
  environment_bytes_ = static_cast<std::uint32_t>(environment.size());
  has_environment_ = text.environment.has_value();
}

std::size_t Program::bytes() const {
  return sizeof(Program) + Programs::kOverhead + exepath_bytes_ + args_kept_ + environment_bytes_;
}

void intrusive_ptr_release(const Program* program) {
  if (--program->references_ == 0) program->home_->forget(const_cast<Program*>(program));
}

std::size_t Programs::Hash::operator()(const ProgramText& text) const {
  return absl::HashOf(text.exepath, text.args, text.environment);
}

bool Programs::Same::same(const ProgramText& a, const ProgramText& b) {
  return a.exepath == b.exepath && a.args == b.args && a.environment == b.environment &&
         a.args_truncated == b.args_truncated && a.args_bytes == b.args_bytes &&
         (a.exe_file == nullptr) == (b.exe_file == nullptr) &&
         (a.exe_file == nullptr || numbers(*a.exe_file) == numbers(*b.exe_file));
}

Programs::~Programs() {
  if (size_ != 0) std::abort();  // a reference would outlive what it refers to
}

ProgramRef Programs::get(const ProgramText& text) {
  if (const auto known = whole_.find(text); known != whole_.end()) {
    Program& program = **known;
    if (program.is_linked()) {
      order_.erase(order_.iterator_to(program));
      order_.push_back(program);
    }
    return ProgramRef(&program);
  }
  auto* program = new Program;
  program->home_ = this;
  program->number_ = next_number();
  program->set_texts(text);
  program->args_truncated_ = text.args_truncated;
  program->args_bytes_ = text.args_bytes;
  program->exe_file_known_ = text.exe_file != nullptr;
  if (text.exe_file != nullptr) program->exe_file_ = *text.exe_file;
  whole_.insert(program);
  if (has_details(text)) order_.push_back(*program);
  bytes_ += program->bytes();
  ++size_;
  return ProgramRef(program);
}

void Programs::forget(Program* program) {
  if (program->whole_) whole_.erase(program);
  bytes_ -= program->bytes();
  --size_;
  delete program;
}

void Programs::fit(std::size_t bytes_max) {
  while (bytes_ > bytes_max && !order_.empty()) {
    Program& oldest = order_.front();
    order_.pop_front();
    whole_.erase(&oldest);
    oldest.whole_ = false;
    bytes_ -= oldest.bytes();
    ProgramText text = oldest.text();
    text.environment.reset();
    if (text.args.size() > kArgsKept) oldest.args_truncated_ = true;
    text.args = text.args.substr(0, kArgsKept);
    text.exepath = text.exepath.substr(0, kExepathKept);
    oldest.set_texts(text);
    oldest.number_ = next_number();
    bytes_ += oldest.bytes();
    ++shortened_;
  }
}

}  // namespace saker::state
