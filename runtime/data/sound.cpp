// Sound files as numbers: WAV and FLAC, all channels as one, at the rate that is asked for.
#include "runtime/data/sound.h"

#include "runtime/data/resample.h"
#include "runtime/format/sound.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace dlc::runtime::data {

namespace {

// Keeps the means of a file, but of no more moments than the field has room for.
class Collector : public SoundFrames {
public:
  Collector(const std::string &path, const SoundSize &size) : path_(path), size_(size) {}

  Status begin(const SoundFormat &format) override {
    format_ = format;
    if (format.rate / size_.rate >= kMostRatio)
      return inputError("`%s` has %lld moments a second, too many to be made %lld of: write a "
                        "higher `rate`, or leave it out of the data",
                        path_.c_str(), static_cast<long long>(format.rate),
                        static_cast<long long>(size_.rate));
    // The first count that has one number too many at the new rate.
    tooMany_ = (2 * size_.count + 1) * format.rate / (2 * size_.rate) + 2;
    if (format.frames > 0 && resampled(format.frames) > size_.count)
      return tooLong(format.frames, "");
    if (format.frames > 0)
      sound_.reserve(size_t(std::min(format.frames, kReserve)));
    return Status();
  }

  Status add(double mean) override {
    sound_.push_back(float(std::clamp(mean, -1.0, 1.0)));
    if (int64_t(sound_.size()) >= tooMany_)
      return tooLong(int64_t(sound_.size()), "more than ");
    return Status();
  }

  Status finish(Numbers *numbers) const {
    int64_t count = resampled(int64_t(sound_.size()));
    if (count > size_.count)
      return tooLong(int64_t(sound_.size()), "");
    bool isShort = format_.channels == 1 && format_.bits > 0 && format_.bits <= 16;
    numbers->cell = format_.rate == size_.rate && isShort ? Cell::Q15 : Cell::F32;
    if (numbers->cell == Cell::Q15) {
      numbers->bytes.resize(sound_.size() * sizeof(int16_t));
      auto *values = reinterpret_cast<int16_t *>(numbers->bytes.data());
      for (size_t i = 0; i < sound_.size(); ++i)
        values[i] = int16_t(sound_[i] * 0x1p15f);
      return Status();
    }
    std::vector<float> sound = resample(sound_, format_.rate, size_.rate, count, Resampling::Best);
    for (float &value : sound) // a filter swings beyond steep edges
      value = std::clamp(value, -1.0f, 1.0f);
    auto *bytes = reinterpret_cast<const unsigned char *>(sound.data());
    numbers->bytes.assign(bytes, bytes + sound.size() * sizeof(float));
    return Status();
  }

private:
  static constexpr int64_t kReserve = 1 << 20;
  static constexpr int64_t kMostRatio = 10000; // the filter has 256 times as many numbers

  // So many moments at the new rate.
  int64_t resampled(int64_t frames) const {
    return int64_t(std::llround(double(frames) * double(size_.rate) / double(format_.rate)));
  }

  Status tooLong(int64_t frames, const char *more) const {
    return inputError("`%s` is %s%.3f s long, but `%s` has room for %.3f s (%lld numbers, %lld a "
                      "second): cut the sound, or write `%s: f32[%lld]`",
                      path_.c_str(), more, double(frames) / double(format_.rate), size_.field,
                      double(size_.count) / double(size_.rate), static_cast<long long>(size_.count),
                      static_cast<long long>(size_.rate), size_.field,
                      static_cast<long long>(resampled(frames)));
  }

  const std::string &path_;
  const SoundSize &size_;
  SoundFormat format_;
  int64_t tooMany_ = 0;
  std::vector<float> sound_;
};

} // namespace

Status readSound(const std::string &path, std::string_view file, const SoundSize &size,
                 Numbers *numbers) {
  Collector sound(path, size);
  if (file.empty())
    return inputError("`%s` is empty", path.c_str());
  if (file.starts_with("RIFF"))
    DLC_TRY(readWav(path, file, &sound));
  else if (file.starts_with("fLaC"))
    DLC_TRY(readFlac(path, file, &sound));
  else
    return inputError("`%s` is no WAV and no FLAC file, as its first bytes tell: convert it to one "
                      "of them, or leave it out of the data",
                      path.c_str());
  return sound.finish(numbers);
}

extern "C" void dlc_sound(const std::string &path, std::string_view file, const SoundSize &size,
                          Numbers *numbers, Status *status) {
  *status = readSound(path, file, size, numbers);
}

} // namespace dlc::runtime::data
