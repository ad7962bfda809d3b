// WAV sounds: chunks, each with a name and a length, of which `fmt ` says what `data` holds.
//
// The format (Microsoft, Multimedia Programming Interface 1991; Multiple Channel Audio Data 2001):
// "RIFF", a length, "WAVE"; then chunks that begin at even places, all little-endian.
#include "runtime/format/sound.h"

#include <cmath>
#include <cstring>

namespace dlc::runtime {

namespace {

enum Tag : uint32_t { kPcm = 1, kFloat = 3, kExtensible = 0xFFFE };

const char *tagName(uint32_t tag) {
  switch (tag) {
  case 2:
    return "ADPCM";
  case 6:
    return "A-law";
  case 7:
    return "mu-law";
  case 0x11:
    return "IMA ADPCM";
  case 0x55:
    return "MP3";
  default:
    return "of an unknown kind";
  }
}

uint64_t numberAt(std::string_view file, size_t at, int bytes) {
  uint64_t number = 0;
  for (int i = bytes - 1; i >= 0; --i)
    number = number << 8 | static_cast<unsigned char>(file[at + size_t(i)]);
  return number;
}

// One number of the file, in [-1, 1).
double decode(std::string_view bytes, uint32_t tag, int bits) {
  if (tag == kFloat && bits == 32) {
    float value;
    memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  if (tag == kFloat) {
    double value;
    memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  if (bits == 8)
    return (double(numberAt(bytes, 0, 1)) - 128) / 128;
  // The sign is that of the highest byte.
  auto value = int32_t(numberAt(bytes, 0, bits / 8) << (32 - bits));
  return double(value) * 0x1p-31;
}

class Wav {
public:
  Wav(const std::string &path, std::string_view file, SoundFrames *frames)
      : path_(path), file_(file), frames_(frames) {}

  Status read() {
    constexpr size_t kHeader = 12;
    if (file_.size() < kHeader || !file_.starts_with("RIFF") || file_.substr(8, 4) != "WAVE")
      return damaged("it does not begin with `RIFF`, a length and `WAVE`");
    for (size_t at = kHeader;;) {
      if (at + 8 > file_.size())
        return damaged(format_.channels ? "it ends before its sound, the chunk `data`"
                                        : "it ends before the chunk `fmt `");
      std::string_view name = file_.substr(at, 4);
      uint64_t length = numberAt(file_, at + 4, 4);
      at += 8;
      uint64_t left = file_.size() - at;
      if (name == "data" && length == UINT32_MAX)
        length = left; // written to a pipe, where nobody knew the length
      if (length > left)
        return damaged("it is cut off: a chunk is longer than what is left of the file");
      if (name == "fmt ")
        DLC_TRY(readFormat(file_.substr(at, length)));
      if (name == "data")
        return readData(file_.substr(at, length));
      at += length + length % 2;
      if (at > file_.size())
        at = file_.size();
    }
  }

private:
  Status damaged(const std::string &why) const {
    return inputError("`%s` is a damaged WAV file (%s): save or copy it once more, or leave it out "
                      "of the data",
                      path_.c_str(), why.c_str());
  }

  Status readFormat(std::string_view chunk) {
    constexpr size_t kPlain = 16, kSubformat = 24;
    if (chunk.size() < kPlain)
      return damaged("its chunk `fmt ` is too short");
    tag_ = uint32_t(numberAt(chunk, 0, 2));
    format_.channels = int(numberAt(chunk, 2, 2));
    format_.rate = int64_t(numberAt(chunk, 4, 4));
    size_t block = numberAt(chunk, 12, 2);
    bits_ = int(numberAt(chunk, 14, 2));
    if (tag_ == kExtensible) {
      if (chunk.size() < kSubformat + 2)
        return damaged("its chunk `fmt ` is too short");
      tag_ = uint32_t(numberAt(chunk, kSubformat, 2));
    }
    if (tag_ != kPcm && tag_ != kFloat)
      return inputError("`%s` is a WAV file %s (format %u), which is not read: convert it to PCM, "
                        "for example with `ffmpeg -i %s -c:a pcm_s16le NEW.wav`",
                        path_.c_str(), tagName(tag_), tag_, path_.c_str());
    bool isKnown = tag_ == kFloat ? bits_ == 32 || bits_ == 64
                                  : bits_ == 8 || bits_ == 16 || bits_ == 24 || bits_ == 32;
    if (!isKnown)
      return inputError(
          "`%s` is a WAV file of %d-bit %s, which is not read: convert it to 16 bits, "
          "for example with `ffmpeg -i %s -c:a pcm_s16le NEW.wav`",
          path_.c_str(), bits_, tag_ == kFloat ? "floats" : "numbers", path_.c_str());
    if (format_.channels == 0)
      return damaged("it says that it has 0 channels");
    if (format_.rate == 0)
      return damaged("it says that it has a rate of 0 moments a second");
    if (format_.rate > kMostSoundRate)
      return damaged("it says that it has more than 1000000 moments a second");
    if (block != size_t(format_.channels) * size_t(bits_ / 8))
      return damaged("its channels and bits do not make the length of its blocks");
    format_.bits = tag_ == kFloat ? 0 : bits_;
    return Status();
  }

  Status readData(std::string_view data) {
    if (format_.channels == 0)
      return damaged("its chunk `data` comes before `fmt `");
    auto bytes = size_t(bits_ / 8), block = bytes * size_t(format_.channels);
    if (data.size() % block != 0)
      return damaged("its sound ends within a moment");
    if (data.empty())
      return inputError("`%s` has no sound in it: 0 moments", path_.c_str());
    format_.frames = int64_t(data.size() / block);
    DLC_TRY(frames_->begin(format_));
    for (int64_t i = 0; i < format_.frames; ++i) {
      double sum = 0;
      for (int c = 0; c < format_.channels; ++c, data.remove_prefix(bytes))
        sum += decode(data.substr(0, bytes), tag_, bits_);
      if (!std::isfinite(sum))
        return damaged("one of its numbers is NaN or infinite");
      DLC_TRY(frames_->add(format_.channels == 1 ? sum : sum / format_.channels));
    }
    return Status();
  }

  const std::string &path_;
  std::string_view file_;
  SoundFrames *frames_;
  SoundFormat format_;
  uint32_t tag_ = 0;
  int bits_ = 0;
};

} // namespace

Status readWav(const std::string &path, std::string_view file, SoundFrames *frames) {
  return Wav(path, file, frames).read();
}

} // namespace dlc::runtime
