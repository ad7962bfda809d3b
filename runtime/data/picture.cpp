// Picture files as numbers: PNG and JPEG, scaled and cut while their rows come.
#include "runtime/data/picture.h"

#include "runtime/format/picture.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace dlc::runtime::data {

namespace {

// The inputs that make one output, and their shares of it.
struct Window {
  int64_t first = 0;
  std::vector<float> shares;
  int64_t end() const { return first + int64_t(shares.size()); }
};

// Of `out` outputs that lie evenly over `length` of the `in` inputs, from `begin` on. Each is the
// mean of the inputs around its place, weighed by a triangle as wide as two outputs, or as two
// inputs where those lie further apart.
std::vector<Window> windows(int64_t in, double begin, double length, int64_t out) {
  std::vector<Window> all{size_t(out)};
  double step = length / double(out), reach = std::max(step, 1.0);
  for (int64_t i = 0; i < out; ++i) {
    double centre = begin + (double(i) + 0.5) * step;
    auto share = [&](int64_t j) {
      return std::max(0.0, 1 - std::abs(double(j) + 0.5 - centre) / reach);
    };
    int64_t first = std::clamp(int64_t(std::floor(centre - reach)), int64_t(0), in - 1);
    int64_t end = std::clamp(int64_t(std::ceil(centre + reach)), first + 1, in);
    while (first + 1 < end && share(first) == 0)
      ++first;
    while (first + 1 < end && share(end - 1) == 0)
      --end;
    double sum = 0;
    for (int64_t j = first; j < end; ++j)
      sum += share(j);
    Window &window = all[size_t(i)];
    window.first = first;
    for (int64_t j = first; j < end; ++j)
      window.shares.push_back(float(sum > 0 ? share(j) / sum : 1 / double(end - first)));
  }
  return all;
}

// Makes the result of the rows as they come: each is scaled to the result's width and added to the
// result's rows that it is part of.
class Scaler : public PictureRows {
public:
  explicit Scaler(const PictureSize &size) : size_(size) {}

  void begin(int64_t width, int64_t height, int64_t channels) override {
    channels_ = channels;
    kept_ = std::min(channels, size_.channels); // grey has one channel on its way, too
    // How much of the picture one number of the result stands for: the smaller of both ratios
    // covers the whole result.
    double step =
        std::min(double(width) / double(size_.width), double(height) / double(size_.height));
    double wide = step * double(size_.width), high = step * double(size_.height);
    columns_ = windows(width, (double(width) - wide) / 2, wide, size_.width);
    rows_ = windows(height, (double(height) - high) / 2, high, size_.height);
    row_.resize(size_t(kept_ * size_.width));
    sums_.assign(size_t(kept_ * size_.height * size_.width), 0.0f);
    y_ = firstOpen_ = 0;
  }

  void add(const unsigned char *row) override {
    int64_t y = y_++;
    while (firstOpen_ < size_.height && rows_[size_t(firstOpen_)].end() <= y)
      ++firstOpen_;
    bool isScaled = false;
    for (int64_t i = firstOpen_; i < size_.height && rows_[size_t(i)].first <= y; ++i) {
      if (rows_[size_t(i)].end() <= y)
        continue;
      if (!isScaled)
        scale(row);
      isScaled = true;
      float share = rows_[size_t(i)].shares[size_t(y - rows_[size_t(i)].first)];
      for (int64_t c = 0; c < kept_; ++c) {
        float *sum = &sums_[size_t((c * size_.height + i) * size_.width)];
        const float *part = &row_[size_t(c * size_.width)];
        for (int64_t x = 0; x < size_.width; ++x)
          sum[x] += share * part[x];
      }
    }
  }

  void finish(Numbers *numbers) const {
    int64_t pixels = size_.height * size_.width;
    numbers->cell = Cell::U8;
    numbers->bytes.resize(size_t(size_.channels * pixels));
    for (int64_t c = 0; c < size_.channels; ++c) {
      const float *sums = &sums_[size_t(kept_ > 1 ? c * pixels : 0)];
      for (int64_t i = 0; i < pixels; ++i)
        numbers->bytes[size_t(c * pixels + i)] =
            static_cast<unsigned char>(std::clamp(sums[i] + 0.5f, 0.0f, 255.0f));
    }
  }

private:
  void scale(const unsigned char *row) {
    for (int64_t x = 0; x < size_.width; ++x) {
      const Window &window = columns_[size_t(x)];
      float sums[3] = {0, 0, 0};
      const unsigned char *pixel = row + window.first * channels_;
      if (channels_ == 1)
        for (float share : window.shares)
          sums[0] += share * float(*pixel++);
      else
        for (float share : window.shares) {
          for (int c = 0; c < 3; ++c)
            sums[c] += share * float(pixel[c]);
          pixel += 3;
        }
      if (kept_ < channels_)
        sums[0] = 0.299f * sums[0] + 0.587f * sums[1] + 0.114f * sums[2];
      for (int64_t c = 0; c < kept_; ++c)
        row_[size_t(c * size_.width + x)] = sums[c];
    }
  }

  PictureSize size_;
  int64_t channels_ = 0, kept_ = 0; // of the file's rows, of the sums
  std::vector<Window> columns_, rows_;
  std::vector<float> row_, sums_;
  int64_t y_ = 0, firstOpen_ = 0; // the row that comes next; the result's first that is not done
};

} // namespace

Status readPicture(const std::string &path, std::string_view file, const PictureSize &size,
                   Numbers *numbers) {
  Scaler scaler(size);
  if (file.empty())
    return inputError("`%s` is empty", path.c_str());
  if (file.starts_with("\x89PNG"))
    DLC_TRY(readPng(path, file, &scaler));
  else if (file.starts_with("\xFF\xD8\xFF"))
    DLC_TRY(readJpeg(path, file, &scaler));
  else
    return inputError("`%s` is no PNG and no JPEG file, as its first bytes tell: convert it to one "
                      "of them, or leave it out of the data",
                      path.c_str());
  scaler.finish(numbers);
  return Status();
}

extern "C" void dlc_picture(const std::string &path, std::string_view file, const PictureSize &size,
                            Numbers *numbers, Status *status) {
  *status = readPicture(path, file, size, numbers);
}

} // namespace dlc::runtime::data
