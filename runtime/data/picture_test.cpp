// Picture files: right ones give right numbers, each wrong one its own clear error and no memory.
#include "runtime/data/picture.h"

#include "runtime/text.h"
#include "test/runtime/media.h"

#include <cmath>

namespace dlc::runtime::data {

namespace {

using List = std::vector<double>;

// The numbers of a picture file, or an empty list and a failure.
List numbersOf(const std::string &file, const PictureSize &size) {
  Numbers numbers;
  Status status = readPicture("a", file, size, &numbers);
  EXPECT_FALSE(status.failed()) << status.message();
  List values(size_t(numbers.count()));
  numbers.read(0, numbers.count(), values.data());
  return values;
}

// Rows of bytes with the filter `none` before each.
std::string rowsOf(const std::vector<std::string> &rows) {
  std::string bytes;
  for (const std::string &row : rows)
    bytes += '\0' + row;
  return bytes;
}

// A picture of noise that no two programs round differently: its pixels are multiples of 4.
std::string noise(int count) {
  std::string bytes;
  uint32_t state = 1;
  for (int i = 0; i < count; ++i) {
    state = state * 1664525 + 1013904223;
    bytes += char(state >> 24 & 0xFC);
  }
  return bytes;
}

std::string noisyPng(int width, int height) {
  std::string rows;
  for (int y = 0; y < height; ++y)
    rows += '\0' + noise(width * 3);
  return pngBytes(uint32_t(width), uint32_t(height), 8, kRgb, rows);
}

struct Wrong {
  const char *name;
  std::string bytes;
  const char *reason;
};

void expectErrors(const std::vector<Wrong> &cases) {
  Folder folder;
  for (const Wrong &wrong : cases) {
    std::string path = folder.write("picture", wrong.bytes);
    size_t most = (size_t(64) << 20) + 4 * wrong.bytes.size();
    std::string message = withMemory(most, [&] {
      Numbers numbers;
      std::string file;
      if (readFile(path, &file).failed())
        return std::string("cannot be read");
      return readPicture(path, file, {3, 4, 4}, &numbers).message();
    });
    EXPECT_NE(message.find(wrong.reason), message.npos) << wrong.name << ": " << message;
    EXPECT_NE(message.find("`" + path + "`"), message.npos) << wrong.name << ": " << message;
  }
}

} // namespace

TEST(Png, EveryColourTypeAndDepth) {
  PictureSize grey{1, 1, 2}, rgb{3, 1, 2};
  // Grey: the highest value of a depth is 255.
  EXPECT_EQ(numbersOf(pngBytes(2, 1, 1, kGrey, rowsOf({"\x40"})), grey), (List{0, 255}));
  EXPECT_EQ(numbersOf(pngBytes(2, 1, 2, kGrey, rowsOf({"\x60"})), grey), (List{85, 170}));
  EXPECT_EQ(numbersOf(pngBytes(2, 1, 4, kGrey, rowsOf({"\x1F"})), grey), (List{17, 255}));
  EXPECT_EQ(numbersOf(pngBytes(2, 1, 8, kGrey, rowsOf({"\x07\x80"})), grey), (List{7, 128}));
  std::string wide("\x80\x00\xFF\xFF", 4);
  EXPECT_EQ(numbersOf(pngBytes(2, 1, 16, kGrey, rowsOf({wide})), grey), (List{128, 255}));
  EXPECT_EQ(numbersOf(pngBytes(2, 1, 8, kGrey, rowsOf({"\x07\x80"})), rgb),
            (List{7, 128, 7, 128, 7, 128}));
  EXPECT_EQ(numbersOf(pngBytes(2, 1, 8, kGreyAlpha, rowsOf({"\x07\x80\x09\x01"})), grey),
            (List{7, 9}));
  std::string wideAlpha("\x80\x00\x12\x34\xFF\xFF\x00\x00", 8);
  EXPECT_EQ(numbersOf(pngBytes(2, 1, 16, kGreyAlpha, rowsOf({wideAlpha})), grey), (List{128, 255}));
  // Colours: channel after channel.
  List colours{1, 4, 2, 5, 3, 6};
  EXPECT_EQ(numbersOf(pngBytes(2, 1, 8, kRgb, rowsOf({"\1\2\3\4\5\6"})), rgb), colours);
  EXPECT_EQ(numbersOf(pngBytes(2, 1, 8, kRgbAlpha, rowsOf({"\1\2\3\x7F\4\5\6\x7F"})), rgb),
            colours);
  std::string wideColours("\1\1\2\2\3\3\4\4\5\5\6\6");
  EXPECT_EQ(numbersOf(pngBytes(2, 1, 16, kRgb, rowsOf({wideColours})), rgb), colours);
  std::string wideRgbAlpha("\1\1\2\2\3\3\x70\1\4\4\5\5\6\6\x70\1");
  EXPECT_EQ(numbersOf(pngBytes(2, 1, 16, kRgbAlpha, rowsOf({wideRgbAlpha})), rgb), colours);
  std::string palette = pngChunk("PLTE", std::string("\0\0\0\1\2\3\4\5\6\7\7\7", 12));
  EXPECT_EQ(numbersOf(pngBytes(2, 1, 1, kPalette, rowsOf({"\x40"}), palette), rgb),
            (List{0, 1, 0, 2, 0, 3}));
  EXPECT_EQ(numbersOf(pngBytes(2, 1, 2, kPalette, rowsOf({"\x60"}), palette), rgb), colours);
  EXPECT_EQ(numbersOf(pngBytes(2, 1, 4, kPalette, rowsOf({"\x12"}), palette), rgb), colours);
  EXPECT_EQ(numbersOf(pngBytes(2, 1, 8, kPalette, rowsOf({"\1\2"}), palette), rgb), colours);
  // Transparency is left out.
  std::string transparent = palette + pngChunk("tRNS", std::string("\0\0\0", 3));
  EXPECT_EQ(numbersOf(pngBytes(2, 1, 8, kPalette, rowsOf({"\1\2"}), transparent), rgb), colours);
}

TEST(Png, Interlaced) {
  // The passes of 3 x 3 pixels: (0,0); none; none; (2,0); (0,2),(2,2); (1,0),(1,2); row 1.
  std::string rows = rowsOf({std::string(1, '\0'), "\2", "\6\x08", "\1", "\7", "\3\4\5"});
  EXPECT_EQ(numbersOf(pngBytes(3, 3, 8, kGrey, rows, "", 1), {1, 3, 3}),
            (List{0, 1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(Picture, GreyIsTheLumaOfColours) {
  List values = numbersOf(pngBytes(2, 1, 8, kRgb, rowsOf({"\xC8\x64\x32\x01\x02\xFF"})), {1, 1, 2});
  EXPECT_EQ(values, (List{std::floor(0.299 * 200 + 0.587 * 100 + 0.114 * 50 + 0.5),
                          std::floor(0.299 * 1 + 0.587 * 2 + 0.114 * 255 + 0.5)}));
}

TEST(Picture, CoversItsSizeAndIsCutAtTheCentre) {
  // Twice as wide as needed: the middle stays.
  std::string wide = pngBytes(4, 2, 8, kGrey, rowsOf({"\x01\x0A\x14\x01", "\x01\x1E\x28\x01"}));
  EXPECT_EQ(numbersOf(wide, {1, 2, 2}), (List{10, 20, 30, 40}));
  std::string high = pngBytes(2, 4, 8, kGrey, rowsOf({"\1\1", "\x0A\x14", "\x1E\x28", "\1\1"}));
  EXPECT_EQ(numbersOf(high, {1, 2, 2}), (List{10, 20, 30, 40}));
  // To half: a triangle of shares 1, 3, 3, 1 of 8, cut at the edges to 3, 3, 1 of 7.
  std::string line = pngBytes(
      4, 4, 8, kGrey,
      rowsOf({"\x07\x0E\x15\x1C", "\x07\x0E\x15\x1C", "\x07\x0E\x15\x1C", "\x07\x0E\x15\x1C"}));
  double left = (3 * 7 + 3 * 14 + 21) / 7.0, right = (14 + 3 * 21 + 3 * 28) / 7.0;
  List half{left, right, left, right};
  EXPECT_EQ(numbersOf(line, {1, 2, 2}), half);
  // To the double: between two pixels a quarter and three quarters.
  std::string two = pngBytes(2, 1, 8, kGrey, rowsOf({std::string("\0\x64", 2)}));
  EXPECT_EQ(numbersOf(two, {1, 2, 4}), (List{0, 25, 75, 100, 0, 25, 75, 100}));
  // One pixel fills everything.
  EXPECT_EQ(numbersOf(pngBytes(1, 1, 8, kGrey, rowsOf({"\x21"})), {3, 2, 2}), List(12, 33));
}

TEST(Picture, ScalesLikeItsFormula) {
  // Every number against the definition, in double precision.
  const int w = 37, h = 23;
  std::string rows;
  std::vector<std::string> pixels;
  for (int y = 0; y < h; ++y) {
    pixels.push_back(noise(w * 3 + y).substr(size_t(y)));
    rows += '\0' + pixels.back();
  }
  PictureSize size{3, 8, 10};
  List got = numbersOf(pngBytes(w, h, 8, kRgb, rows), size);
  double step = std::min(double(w) / 10, double(h) / 8), reach = step;
  double x0 = (w - 10 * step) / 2, y0 = (h - 8 * step) / 2;
  for (int c = 0; c < 3; ++c)
    for (int i = 0; i < 8; ++i)
      for (int j = 0; j < 10; ++j) {
        double sum = 0, weight = 0;
        for (int y = 0; y < h; ++y)
          for (int x = 0; x < w; ++x) {
            double wy = 1 - std::abs(y + 0.5 - (y0 + (i + 0.5) * step)) / reach;
            double wx = 1 - std::abs(x + 0.5 - (x0 + (j + 0.5) * step)) / reach;
            double share = std::max(wy, 0.0) * std::max(wx, 0.0);
            sum += share *
                   double(static_cast<unsigned char>(pixels[size_t(y)][size_t(x) * 3 + size_t(c)]));
            weight += share;
          }
        EXPECT_NEAR(got[size_t((c * 8 + i) * 10 + j)], sum / weight, 0.51);
      }
}

TEST(Jpeg, GreyColoursAndInks) {
  // 8 x 8 of one colour come back within a level or two.
  auto flat = [](const std::string &pixel) {
    std::string pixels;
    for (int i = 0; i < 64; ++i)
      pixels += pixel;
    return pixels;
  };
  auto expect = [](const List &got, const List &wanted) {
    ASSERT_EQ(got.size(), wanted.size());
    for (size_t i = 0; i < got.size(); ++i)
      EXPECT_NEAR(got[i], wanted[i], 2) << i;
  };
  for (bool isProgressive : {false, true}) {
    std::string grey = jpegBytes(8, 8, JCS_GRAYSCALE, flat("\x64"), isProgressive);
    std::string rgb = jpegBytes(8, 8, JCS_RGB, flat("\xC8\x32\x64"), isProgressive);
    expect(numbersOf(grey, {1, 1, 1}), {100});
    expect(numbersOf(grey, {3, 1, 1}), {100, 100, 100});
    expect(numbersOf(rgb, {3, 1, 1}), {200, 50, 100});
    expect(numbersOf(rgb, {1, 1, 1}), {0.299 * 200 + 0.587 * 50 + 0.114 * 100});
  }
  // Libjpeg writes Adobe's marker, so ink is written as the light it lets through.
  std::string inks = jpegBytes(8, 8, JCS_CMYK, flat("\xC8\x64\xFF\x80"));
  expect(numbersOf(inks, {3, 1, 1}), {200 * 128 / 255.0, 100 * 128 / 255.0, 128});
}

TEST(Jpeg, PixelsStayWhereTheyAre) {
  std::string pixels;
  for (int y = 0; y < 16; ++y)
    for (int x = 0; x < 16; ++x)
      pixels += char(x * 8 + y);
  List got = numbersOf(jpegBytes(16, 16, JCS_GRAYSCALE, pixels), {1, 16, 16});
  for (int y = 0; y < 16; ++y)
    for (int x = 0; x < 16; ++x)
      EXPECT_NEAR(got[size_t(y) * 16 + size_t(x)], x * 8 + y, 3) << x << " " << y;
}

TEST(Picture, LargeOnesOfFewBytesAreRead) {
  // As large as its bytes can bear: rows are read one after the other.
  std::string rows(size_t(4001) * 4000, '\0');
  std::string file = pngBytes(4000, 4000, 8, kGrey, rows);
  EXPECT_LT(file.size(), 100000u);
  Numbers numbers;
  EXPECT_EQ(
      withMemory(64 << 20, [&] { return readPicture("a", file, {1, 2, 2}, &numbers).message(); }),
      "");
}

TEST(Png, TextsAndProfilesAreNotUnpacked) {
  // 800 MB in 200 texts.
  std::string text =
      pngChunk("zTXt", std::string("a\0\0", 3) + deflated(std::string(4 << 20, ' '), kZlib));
  std::string texts;
  for (int i = 0; i < 200; ++i)
    texts += text;
  std::string file = pngBytes(1, 1, 8, kGrey, rowsOf({"\x21"}), texts);
  Numbers numbers;
  EXPECT_EQ(withMemory((size_t(64) << 20) + 4 * file.size(),
                       [&] { return readPicture("a", file, {1, 1, 1}, &numbers).message(); }),
            "");
}

TEST(Png, WrongFilesAreNamed) {
  std::string right = noisyPng(8, 8), rows = rowsOf({"\1\2\3", "\1\2\3"});
  std::string corrupt = right, header = right, swapped = right;
  corrupt[corrupt.size() - 30] ^= 0x55;
  header[19] ^= 1; // the width, and so the checksum
  swapped[12] = 'X';
  std::string noChecksum = right;
  noChecksum[noChecksum.size() - 14] ^= 1; // of IDAT
  std::string end = pngChunk("IEND", "");
  auto with = [&](const std::string &head) {
    return kPngMagic + head + pngChunk("IDAT", deflated(rows, kZlib)) + end;
  };
  const char *kDamaged = "is a damaged PNG file";
  expectErrors({
      {"empty", "", "is empty"},
      {"text", "this is no picture\n", "is no PNG and no JPEG file"},
      {"GIF", "GIF89a\1\1\1\1", "is no PNG and no JPEG file"},
      {"garbage of 100 MB", std::string(100 << 20, 'x'), "is no PNG and no JPEG file"},
      {"magic alone", kPngMagic, "the file ends too early"},
      {"damaged magic", "\x89PNG\n" + right.substr(5), kDamaged},
      {"cut in the header", right.substr(0, 20), "the file ends too early"},
      {"cut behind the header", right.substr(0, 33), "the file ends too early"},
      {"cut in the pixels", right.substr(0, right.size() / 2), "the file ends too early"},
      {"cut before the end", right.substr(0, right.size() - 12), "the file ends too early"},
      {"cut in the end", right.substr(0, right.size() - 2), "the file ends too early"},
      {"header's checksum", header, "CRC error"},
      {"pixels' checksum", noChecksum, "CRC error"},
      {"a flipped bit", corrupt, kDamaged},
      {"another chunk first", swapped, kDamaged},
      {"no pixels", kPngMagic + pngHeader(3, 2, 8, kGrey) + end, kDamaged},
      {"too few pixels", with(pngHeader(3, 200, 8, kGrey)), "Not enough"},
      {"broken pixels", kPngMagic + pngHeader(3, 2, 8, kGrey) + pngChunk("IDAT", "xyz") + end,
       kDamaged},
      {"width 0", with(pngHeader(0, 2, 8, kGrey)), "Invalid IHDR"},
      {"height 0", with(pngHeader(3, 0, 8, kGrey)), "Invalid IHDR"},
      {"largest sizes", with(pngHeader(0x7FFFFFFF, 0x7FFFFFFF, 8, kGrey)), "Invalid IHDR"},
      {"sizes beyond", with(pngHeader(0xFFFFFFFF, 2, 8, kGrey)), kDamaged},
      {"a million by a million", with(pngHeader(1000000, 1000000, 16, kRgbAlpha)),
       "too short for the size"},
      {"a wide row", with(pngHeader(1000000, 1, 8, kGrey)), "too short for the size"},
      {"interlaced and large", with(pngHeader(300, 300, 8, kGrey, 1)), kDamaged},
      {"unknown interlacing", with(pngHeader(3, 2, 8, kGrey, 2)), "Invalid IHDR"},
      {"depth 3", with(pngHeader(3, 2, 3, kGrey)), "Invalid IHDR"},
      {"depth 0", with(pngHeader(3, 2, 0, kGrey)), "Invalid IHDR"},
      {"colour type 5", with(pngHeader(3, 2, 8, 5)), "Invalid IHDR"},
      {"RGB of depth 4", with(pngHeader(3, 2, 4, kRgb)), "Invalid IHDR"},
      {"no palette", with(pngHeader(3, 2, 8, kPalette)), "PLTE"},
      {"unknown filter", pngBytes(3, 2, 8, kGrey, "\x09\1\2\3\x09\1\2\3"), kDamaged},
  });
}

TEST(Jpeg, WrongFilesAreNamed) {
  std::string right = jpegBytes(16, 16, JCS_RGB, noise(16 * 16 * 3));
  std::string progressive = jpegBytes(16, 16, JCS_RGB, noise(16 * 16 * 3), true);
  std::string blank = jpegBytes(8, 8, JCS_GRAYSCALE, std::string(64, 'x'));
  auto at = [](const std::string &file, char marker) {
    return file.find(std::string("\xFF") + marker);
  };
  auto sized = [&](std::string file, int width, int height, char marker = '\xC0') {
    return file.replace(at(file, marker) + 5, 4,
                        bigEndian(uint64_t(height), 2) + bigEndian(uint64_t(width), 2));
  };
  auto set = [](std::string file, size_t place, int value) {
    file[place] = char(value);
    return file;
  };
  size_t frame = at(right, '\xC0'), huffman = at(right, '\xC4'), scan = at(right, '\xDA');
  std::string noQuantization = right;
  noQuantization.erase(at(right, '\xDB'), frame - at(right, '\xDB'));
  std::string broken = right; // no code is all ones
  for (size_t i = scan + 14; i + 3 < broken.size(); i += 2)
    broken[i] = '\xFF', broken[i + 1] = '\0';
  std::string manyScans = progressive.substr(0, progressive.size() - 2);
  size_t last = manyScans.rfind("\xFF\xDA");
  for (int i = 0; i < 200; ++i)
    manyScans += manyScans.substr(last, progressive.size() - 2 - last);
  const char *kDamaged = "is a damaged JPEG file";
  std::string magic = "\xFF\xD8\xFF";
  expectErrors({
      {"magic alone", magic, kDamaged},
      {"no pixels", "\xFF\xD8\xFF\xD9", "no image"},
      {"magic and text", magic + "hello, I am no picture", kDamaged},
      {"magic and garbage of 50 MB", magic + std::string(50 << 20, 'x'), kDamaged},
      {"cut in the tables", right.substr(0, 40), kDamaged},
      {"cut in the frame", right.substr(0, frame + 6), kDamaged},
      {"cut before the scan", right.substr(0, scan), kDamaged},
      {"cut in the scan", right.substr(0, right.size() / 2), "Premature end"},
      {"cut at the end", right.substr(0, right.size() - 20), "Premature end"},
      {"progressive, cut", progressive.substr(0, progressive.size() / 2), "Premature end"},
      {"width 0", sized(right, 0, 16), "Empty JPEG image"},
      {"height 0", sized(right, 16, 0), "Empty JPEG image"},
      {"65500 x 65500", sized(right, 65500, 65500), kDamaged},
      {"65535 x 65535", sized(right, 65535, 65535), "65500"},
      {"progressive 65500 x 65500", sized(progressive, 65500, 65500, '\xC2'), kDamaged},
      {"progressive 20000 x 20000 of 1 MB",
       sized(progressive, 20000, 20000, '\xC2') + std::string(1 << 20, '\1'),
       "is a progressive JPEG of 20000 x 20000 pixels"},
      {"more rows than there are", sized(blank, 8, 200), kDamaged},
      {"12 bits", set(right, frame + 4, 12), "precision"},
      {"no channels", set(right, frame + 9, 0), kDamaged},
      {"5 channels", set(right, frame + 9, 5), kDamaged},
      {"sampling 0", set(right, frame + 11, 0), "sampling"},
      {"no quantization table", noQuantization, "uantization table"},
      {"broken Huffman table", set(right, huffman + 5, 0xFF), "Huffman"},
      {"broken codes", broken, kDamaged},
      {"lossless", set(right, frame + 1, 0xC3), "Unsupported"},
      {"too many scans", manyScans + "\xFF\xD9", kDamaged},
  });
}

TEST(Png, EveryBitAndEveryCutIsToldOrHarmless) {
  // Whatever is wrong with a file: an error or a picture, never a fault (with ASan, none at all).
  for (const std::string &right :
       {noisyPng(6, 5), jpegBytes(12, 10, JCS_RGB, noise(360)),
        jpegBytes(12, 10, JCS_RGB, noise(360), true),
        pngBytes(3, 3, 8, kGrey,
                 rowsOf({std::string(1, '\0'), "\2", "\6\x08", "\1", "\7", "\3\4\5"}), "", 1)}) {
    Numbers numbers;
    for (size_t cut = 0; cut < right.size(); ++cut)
      EXPECT_TRUE(readPicture("a", right.substr(0, cut), {3, 4, 4}, &numbers).failed() ||
                  cut + 2 >= right.size());
    for (size_t bit = 0; bit < right.size() * 8; ++bit) {
      std::string wrong = right;
      wrong[bit / 8] = char(wrong[bit / 8] ^ 1 << bit % 8);
      Status status = readPicture("a", wrong, {3, 4, 4}, &numbers);
      EXPECT_TRUE(!status.failed() || status.fault() == Fault::Input) << status.message();
    }
  }
}

} // namespace dlc::runtime::data
