// Pictures and sounds for tests, and the memory that reading them may take.
#pragma once

#include "test/runtime/folder.h"

#include <FLAC/stream_encoder.h>
#include <cstdio>
#include <fstream>
#include <functional>
#include <jpeglib.h>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace dlc::runtime {

inline std::string bigEndian(uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i)
    text += char(value >> 8 * i);
  return text;
}
inline std::string littleEndian(uint64_t value, int bytes) {
  std::string text = bigEndian(value, bytes);
  return {text.rbegin(), text.rend()};
}

// --- PNG -----------------------------------------------------------------------------------------

inline const std::string kPngMagic = "\x89PNG\r\n\x1a\n";
enum PngColour { kGrey = 0, kRgb = 2, kPalette = 3, kGreyAlpha = 4, kRgbAlpha = 6 };
constexpr int kZlib = 15; // for deflated()

inline std::string pngChunk(const std::string &name, const std::string &data) {
  std::string named = name + data;
  auto *bytes = reinterpret_cast<const Bytef *>(named.data());
  return bigEndian(data.size(), 4) + named + bigEndian(crc32(0, bytes, uInt(named.size())), 4);
}
inline std::string pngHeader(uint32_t width, uint32_t height, int depth, int colour,
                             int interlace = 0) {
  return pngChunk("IHDR", bigEndian(width, 4) + bigEndian(height, 4) + char(depth) + char(colour) +
                              std::string(2, '\0') + char(interlace));
}
// `rows` are the bytes of all rows (of all passes, if interlaced), each with its filter before it.
inline std::string pngBytes(uint32_t width, uint32_t height, int depth, int colour,
                            const std::string &rows, const std::string &before = "",
                            int interlace = 0) {
  return kPngMagic + pngHeader(width, height, depth, colour, interlace) + before +
         pngChunk("IDAT", deflated(rows, kZlib)) + pngChunk("IEND", "");
}

// --- JPEG ----------------------------------------------------------------------------------------

// The pixels of a picture in `space`, row after row.
inline std::string jpegBytes(int width, int height, J_COLOR_SPACE space, const std::string &pixels,
                             bool isProgressive = false) {
  jpeg_compress_struct jpeg;
  jpeg_error_mgr errors;
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char *out = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &out, &size);
  jpeg.image_width = JDIMENSION(width);
  jpeg.image_height = JDIMENSION(height);
  jpeg.input_components = space == JCS_GRAYSCALE ? 1 : space == JCS_CMYK ? 4 : 3;
  jpeg.in_color_space = space;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 100, TRUE);
  for (int i = 0; i < jpeg.num_components; ++i) // no channel is coarser than another
    jpeg.comp_info[i].h_samp_factor = jpeg.comp_info[i].v_samp_factor = 1;
  if (isProgressive)
    jpeg_simple_progression(&jpeg);
  jpeg_start_compress(&jpeg, TRUE);
  auto *row = reinterpret_cast<unsigned char *>(const_cast<char *>(pixels.data()));
  for (int y = 0; y < height; ++y, row += ptrdiff_t(width) * jpeg.input_components)
    jpeg_write_scanlines(&jpeg, &row, 1);
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  std::string bytes(reinterpret_cast<char *>(out), size);
  free(out);
  return bytes;
}

// --- WAV -----------------------------------------------------------------------------------------

inline std::string wavChunk(const std::string &name, const std::string &data) {
  return name + littleEndian(data.size(), 4) + data + std::string(data.size() % 2, '\0');
}
inline std::string wavFormat(int tag, int channels, uint32_t rate, int bits) {
  int block = channels * bits / 8;
  return wavChunk("fmt ", littleEndian(uint64_t(tag), 2) + littleEndian(uint64_t(channels), 2) +
                              littleEndian(rate, 4) + littleEndian(rate * uint64_t(block), 4) +
                              littleEndian(uint64_t(block), 2) + littleEndian(uint64_t(bits), 2));
}
inline std::string riff(const std::string &chunks) {
  return "RIFF" + littleEndian(chunks.size() + 4, 4) + "WAVE" + chunks;
}
inline std::string wavBytes(int channels, uint32_t rate, int bits, const std::string &data,
                            int tag = 1) {
  return riff(wavFormat(tag, channels, rate, bits) + wavChunk("data", data));
}
inline std::string samples16(const std::vector<int> &values) {
  std::string bytes;
  for (int value : values)
    bytes += littleEndian(uint64_t(value), 2);
  return bytes;
}

// --- FLAC ----------------------------------------------------------------------------------------

// `values` are all channels of each moment.
inline std::string flacBytes(int channels, uint32_t rate, int bits,
                             const std::vector<int32_t> &values) {
  std::string bytes;
  FLAC__StreamEncoder *encoder = FLAC__stream_encoder_new();
  FLAC__stream_encoder_set_streamable_subset(encoder, false);
  FLAC__stream_encoder_set_channels(encoder, uint32_t(channels));
  FLAC__stream_encoder_set_bits_per_sample(encoder, uint32_t(bits));
  FLAC__stream_encoder_set_sample_rate(encoder, rate);
  FLAC__stream_encoder_set_blocksize(encoder, 256);
  struct Out {
    std::string *bytes;
    size_t at = 0;
  } out{&bytes};
  auto write = [](const FLAC__StreamEncoder *, const FLAC__byte *data, size_t count, uint32_t,
                  uint32_t, void *client) {
    auto *out = static_cast<Out *>(client);
    out->bytes->replace(out->at, count, reinterpret_cast<const char *>(data), count);
    out->at += count;
    return FLAC__STREAM_ENCODER_WRITE_STATUS_OK;
  };
  auto seek = [](const FLAC__StreamEncoder *, FLAC__uint64 at, void *client) {
    static_cast<Out *>(client)->at = at;
    return FLAC__STREAM_ENCODER_SEEK_STATUS_OK;
  };
  auto tell = [](const FLAC__StreamEncoder *, FLAC__uint64 *at, void *client) {
    *at = static_cast<Out *>(client)->at;
    return FLAC__STREAM_ENCODER_TELL_STATUS_OK;
  };
  EXPECT_EQ(FLAC__stream_encoder_init_stream(encoder, write, seek, tell, nullptr, &out),
            FLAC__STREAM_ENCODER_INIT_STATUS_OK);
  EXPECT_TRUE(FLAC__stream_encoder_process_interleaved(encoder, values.data(),
                                                       uint32_t(values.size() / size_t(channels))));
  EXPECT_TRUE(FLAC__stream_encoder_finish(encoder));
  FLAC__stream_encoder_delete(encoder);
  return bytes;
}

// --- memory --------------------------------------------------------------------------------------

// Bytes of addresses: `VmSize`, those that this process has, or `VmPeak`, the most it ever had.
inline size_t addresses(const std::string &which) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(which + ":"))
      return std::stoull(line.substr(which.size() + 1)) << 10;
  return 0;
}

// What `action` says in a process of its own, and a failure where it takes more than `bytes` more
// memory. With ASan, which holds back what is freed, any amount will do.
inline std::string withMemory(size_t bytes, const std::function<std::string()> &action) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  pid_t child = fork();
  if (child == 0) {
    [[maybe_unused]] const size_t before = addresses("VmSize");
#ifndef DLC_SANITIZED
    rlim_t most = before + 16 * bytes; // spares the machine
    rlimit all{most, most};
    setrlimit(RLIMIT_AS, &all);
#endif
    std::string said = action();
#ifndef DLC_SANITIZED
    if (size_t peak = addresses("VmPeak"); peak > before + bytes)
      said += " and took " + std::to_string((peak - before) >> 20) + " MiB";
#endif
    _exit(write(ends[1], said.data(), said.size()) == ssize_t(said.size()) ? 0 : 1);
  }
  close(ends[1]);
  std::string said;
  char block[4096];
  for (ssize_t got; (got = read(ends[0], block, sizeof block)) > 0;)
    said.append(block, size_t(got));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0) << "the process ended early: " << said;
  EXPECT_EQ(said.find(" and took "), said.npos) << said;
  return said;
}

} // namespace dlc::runtime
