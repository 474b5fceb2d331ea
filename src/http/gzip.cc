#include "http/gzip.h"

#include <zlib.h>

#include <algorithm>

namespace saker::http {
namespace {

constexpr int kGzipWindowBits = 15 + 16;  // zlib's way to say "with gzip header"

Bytef* bytes_of(std::string_view text) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(text.data()));  // zlib's next_in is not const
}

}  // namespace

std::string gzip(std::string_view bytes, int level) {
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, kGzipWindowBits, 8, Z_DEFAULT_STRATEGY) != Z_OK) return {};
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = bytes_of(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = bytes_of(out);
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

Result<std::string> gunzip(std::string_view bytes, std::size_t bytes_max) {
  z_stream stream{};
  if (inflateInit2(&stream, kGzipWindowBits) != Z_OK)
    return fail(ErrorCode::kExhausted, "zlib has no memory");
  stream.next_in = bytes_of(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  int status = Z_OK;
  while (status == Z_OK && out.size() <= bytes_max) {
    const std::size_t used = out.size();
    out.resize(std::min(used + std::max<std::size_t>(used, 16 * 1024), bytes_max + 1));
    stream.next_out = bytes_of(out) + used;
    stream.avail_out = static_cast<uInt>(out.size() - used);
    status = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (status == Z_BUF_ERROR) break;
    if (status == Z_OK && stream.avail_in == 0 && stream.avail_out > 0) break;
  }
  inflateEnd(&stream);
  if (out.size() > bytes_max) return fail(ErrorCode::kExhausted, "the unpacked body is too large");
  if (status != Z_STREAM_END) return fail(ErrorCode::kInvalid, "the body is no whole gzip stream");
  return out;
}

}  // namespace saker::http
