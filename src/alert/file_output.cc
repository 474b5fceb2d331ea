#include "alert/file_output.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "alert/write_all.h"

namespace saker::alert {

Result<std::unique_ptr<FileOutput>> FileOutput::open(Settings settings) {
  std::unique_ptr<FileOutput> made(new FileOutput(std::move(settings)));
  TRY(made->ensure_open());
  if (!made->settings_.keep_alive) made->file_.reset();
  return made;
}

Result<> FileOutput::ensure_open() {
  if (file_) return {};
  file_.reset(::open(settings_.path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
  if (file_) return {};
  return fail(ErrorCode::kIo, fmt::format("cannot open {}: {}", settings_.path, std::strerror(errno)));
}

Delivery FileOutput::write(const Message& message) {
  if (const auto open = ensure_open(); !open) return Delivery::failed(open.error().message);
  const Written written = write_all(file_.get(), message.line + "\n");
  if (!settings_.keep_alive || written.error != 0) file_.reset();
  if (written.error == 0) return Delivery::done();
  return Delivery::failed(
      fmt::format("cannot write to {}: {}", settings_.path, std::strerror(written.error)));
}

}  // namespace saker::alert
