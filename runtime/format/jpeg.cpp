// JPEG pictures, baseline and progressive, read by libjpeg-turbo.
#include "runtime/format/picture.h"

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <vector>

#include <jpeglib.h>
// After jpeglib.h, which it needs.
#include <jerror.h>

namespace dlc::runtime {

namespace {

// What libjpeg may take beside four times the file, in bytes. A progressive file is whole in memory
// before its first row comes.
constexpr long kMostMemory = 48 << 20;
// A progressive file has some ten; each goes over the whole picture.
constexpr int kMostScans = 100;

// What is alive while libjpeg may jump out of its functions: nothing in them has a destructor.
struct Reading {
  jpeg_error_mgr errors;
  jpeg_progress_mgr progress;
  jpeg_decompress_struct jpeg;
  std::jmp_buf back;
  char why[JMSG_LENGTH_MAX];
  std::string_view file;
  PictureRows *rows;
  std::vector<unsigned char> *row;
};

[[noreturn]] void fail(j_common_ptr jpeg) {
  auto *reading = static_cast<Reading *>(jpeg->client_data);
  jpeg->err->format_message(jpeg, reading->why);
  longjmp(reading->back, 1);
}

// Libjpeg fills what is missing with grey and warns; here that is an error. The other warnings are
// of what many programs write.
void warn(j_common_ptr jpeg, int level) {
  int code = jpeg->err->msg_code;
  if (level < 0 && code != JWRN_ADOBE_XFORM && code != JWRN_JFIF_MAJOR &&
      code != JWRN_EXTRANEOUS_DATA)
    fail(jpeg);
}

void countScans(j_common_ptr jpeg) {
  auto *reading = static_cast<Reading *>(jpeg->client_data);
  if (reading->jpeg.input_scan_number > kMostScans)
    ERREXIT1(jpeg, JERR_BAD_PROG_SCRIPT, kMostScans);
}

// Four inks as red, green and blue. Adobe's programs write how much light they let through.
void mixInks(const unsigned char *inks, int64_t width, bool isInverted, unsigned char *rgb) {
  for (int64_t x = 0; x < width; ++x, inks += 4, rgb += 3)
    for (int c = 0; c < 3; ++c) {
      int ink = isInverted ? inks[c] : 255 - inks[c], black = isInverted ? inks[3] : 255 - inks[3];
      rgb[c] = static_cast<unsigned char>((ink * black + 127) / 255);
    }
}

// False where libjpeg jumped out.
bool read(Reading &reading) {
  jpeg_decompress_struct *jpeg = &reading.jpeg;
  if (setjmp(reading.back))
    return false;
  jpeg_create_decompress(jpeg);
  jpeg->client_data = &reading;
  jpeg->progress = &reading.progress;
  jpeg->mem->max_memory_to_use = kMostMemory + 3 * long(reading.file.size());
  jpeg_mem_src(jpeg, reinterpret_cast<const unsigned char *>(reading.file.data()),
               static_cast<unsigned long>(reading.file.size()));
  jpeg_read_header(jpeg, TRUE);
  // Each block of 8 x 8 numbers takes at least one bit.
  uint64_t blocks = uint64_t(jpeg->image_width + 7) / 8 * (uint64_t(jpeg->image_height + 7) / 8);
  if (blocks > 8 * reading.file.size())
    ERREXIT(jpeg, JERR_INPUT_EOF);
  bool isInks = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
  jpeg->out_color_space = jpeg->jpeg_color_space == JCS_GRAYSCALE ? JCS_GRAYSCALE
                          : isInks                                ? JCS_CMYK
                                                                  : JCS_RGB;
  jpeg_start_decompress(jpeg);
  size_t width = jpeg->output_width, channels = size_t(jpeg->output_components);
  reading.row->resize(width * (channels + 3));
  unsigned char *row = reading.row->data(), *mixed = row + width * channels;
  reading.rows->begin(int64_t(width), int64_t(jpeg->output_height), isInks ? 3 : int64_t(channels));
  while (jpeg->output_scanline < jpeg->output_height) {
    jpeg_read_scanlines(jpeg, &row, 1);
    if (isInks)
      mixInks(row, int64_t(width), jpeg->saw_Adobe_marker, mixed);
    reading.rows->add(isInks ? mixed : row);
  }
  jpeg_finish_decompress(jpeg);
  return true;
}

} // namespace

Status readJpeg(const std::string &path, std::string_view file, PictureRows *rows) {
  std::vector<unsigned char> row;
  Reading reading;
  memset(&reading.jpeg, 0, sizeof reading.jpeg);
  memset(&reading.progress, 0, sizeof reading.progress);
  reading.file = file;
  reading.rows = rows;
  reading.row = &row;
  reading.jpeg.err = jpeg_std_error(&reading.errors);
  reading.jpeg.client_data = &reading;
  reading.errors.error_exit = fail;
  reading.errors.emit_message = warn;
  reading.progress.progress_monitor = countScans;
  bool isRead = read(reading);
  int code = reading.errors.msg_code;
  int64_t width = reading.jpeg.image_width, height = reading.jpeg.image_height;
  jpeg_destroy_decompress(&reading.jpeg);
  if (isRead)
    return Status();
  if (code == JERR_NO_BACKING_STORE || code == JERR_OUT_OF_MEMORY)
    return inputError("`%s` is a progressive JPEG of %lld x %lld pixels, which must be whole in "
                      "memory and takes too much of it: save it as a baseline JPEG or smaller, or "
                      "leave it out of the data",
                      path.c_str(), static_cast<long long>(width), static_cast<long long>(height));
  return inputError(
      "`%s` is a damaged JPEG file (%s): save or copy it once more, or leave it out of "
      "the data",
      path.c_str(), reading.why);
}

} // namespace dlc::runtime
