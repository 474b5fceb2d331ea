// FileOutput: lines appended to a file.
//
// With keep_alive the file stays open, and is opened anew on reopen(), so that a rotated log goes on under
// its name; otherwise it is opened for each line. A line is one write() with O_APPEND, so several writers do
// not mix their lines.
#pragma once

#include <string>

#include "alert/output.h"
#include "base/fd.h"
#include "base/result.h"

namespace saker::alert {

class FileOutput final : public Output {
 public:
  struct Settings {
    std::string path;
    bool keep_alive = false;
  };

  // Fails when the file cannot be opened for appending.
  static Result<std::unique_ptr<FileOutput>> open(Settings settings);

  Delivery write(const Message& message) override;
  void reopen() override { file_.reset(); }

 private:
  explicit FileOutput(Settings settings) : settings_(std::move(settings)) {}
  Result<> ensure_open();

  Settings settings_;
  UniqueFd file_;
};

}  // namespace saker::alert
