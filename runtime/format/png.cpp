// PNG pictures of every colour type and depth, read by libpng.
#include "runtime/format/picture.h"

#include "runtime/text.h"

#include <csetjmp>
#include <cstring>
#include <png.h>
#include <vector>

namespace dlc::runtime {

namespace {

// Deflate makes at most so many bytes of one.
constexpr uint64_t kMostDeflated = 1032;
constexpr png_uint_32 kMostPixels = 1000000; // a side

// What is alive while libpng may jump out of its functions: nothing in them has a destructor.
struct Reading {
  std::string_view file;
  PictureRows *rows;
  bool isChecked = false; // an interlaced picture's first run went well
  png_structp png = nullptr;
  png_infop info = nullptr;
  size_t at = 0;
  char why[160] = "";
  std::vector<unsigned char> pixels{}; // one row, or all of an interlaced picture
  bool isAgain = false;                // an interlaced picture needs its second run
};

void fail(png_structp png, png_const_charp message) {
  auto *reading = static_cast<Reading *>(png_get_error_ptr(png));
  snprintf(reading->why, sizeof reading->why, "%s", message);
  longjmp(png_jmpbuf(png), 1);
}

void ignore(png_structp, png_const_charp) {}

void take(png_structp png, png_bytep bytes, size_t count) {
  auto *reading = static_cast<Reading *>(png_get_io_ptr(png));
  if (count > reading->file.size() - reading->at)
    png_error(png, "the file ends too early");
  memcpy(bytes, reading->file.data() + reading->at, count);
  reading->at += count;
}

// Has libpng make grey or RGB bytes of whatever the file has. Like most programs that read pictures
// to learn from them, it leaves transparency and gamma out.
void convert(png_structp png) {
  png_set_scale_16(png);
  png_set_expand(png);
  png_set_strip_alpha(png);
}

// False where libpng jumped out.
bool read(Reading &reading) {
  png_structp png = reading.png;
  if (setjmp(png_jmpbuf(png)))
    return false;
  png_set_read_fn(png, &reading, take);
  png_set_user_limits(png, kMostPixels, kMostPixels);
  // Texts, profiles and the like, each of which may unpack to megabytes.
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
  png_read_info(png, reading.info);
  uint64_t width = png_get_image_width(png, reading.info);
  uint64_t height = png_get_image_height(png, reading.info);
  uint64_t bits =
      uint64_t(png_get_bit_depth(png, reading.info)) * png_get_channels(png, reading.info);
  if (width * height * bits / 8 > kMostDeflated * reading.file.size())
    png_error(png, "the file is too short for the size that its header claims");
  convert(png);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, reading.info);
  size_t rowBytes = png_get_rowbytes(png, reading.info);
  int64_t channels = png_get_channels(png, reading.info);
  bool isWhole = passes > 1 && reading.isChecked;
  reading.pixels.resize(rowBytes * (isWhole ? height : 1));
  unsigned char *pixels = reading.pixels.data();
  if (passes == 1)
    reading.rows->begin(int64_t(width), int64_t(height), channels);
  for (int pass = 0; pass < passes; ++pass)
    for (uint64_t y = 0; y < height; ++y) {
      png_read_row(png, isWhole ? pixels + y * rowBytes : pixels, nullptr);
      if (passes == 1)
        reading.rows->add(pixels);
    }
  png_read_end(png, nullptr);
  reading.isAgain = passes > 1 && !isWhole;
  if (isWhole) {
    reading.rows->begin(int64_t(width), int64_t(height), channels);
    for (uint64_t y = 0; y < height; ++y)
      reading.rows->add(pixels + y * rowBytes);
  }
  return true;
}

} // namespace

Status readPng(const std::string &path, std::string_view file, PictureRows *rows) {
  // An interlaced picture must be whole in memory. The first run finds out whether the file is
  // sound, with a single row; the second keeps what it reads.
  Reading reading{file, rows};
  for (int run = 0; run < 2; ++run) {
    reading.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reading, fail, ignore);
    reading.info = reading.png ? png_create_info_struct(reading.png) : nullptr;
    reading.at = 0;
    bool isRead = reading.info && read(reading);
    png_destroy_read_struct(&reading.png, &reading.info, nullptr);
    if (!isRead)
      return inputError("`%s` is a damaged PNG file (%s): save or copy it once more, or leave it "
                        "out of the data",
                        path.c_str(), reading.why);
    if (!reading.isAgain)
      return Status();
    reading.isChecked = true;
  }
  return Status();
}

} // namespace dlc::runtime
