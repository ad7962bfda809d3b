// Sound files: right ones give right numbers, each wrong one its own clear error and no memory.
#include "runtime/data/sound.h"

#include "runtime/data/resample.h"
#include "runtime/text.h"
#include "test/runtime/media.h"

#include <cmath>
#include <numbers>

namespace dlc::runtime::data {

namespace {

using List = std::vector<double>;

List numbersOf(const std::string &file, int64_t rate = 8000, int64_t count = 1000,
               Cell cell = Cell::F32) {
  Numbers numbers;
  Status status = readSound("a", file, {rate, count, "voice"}, &numbers);
  EXPECT_FALSE(status.failed()) << status.message();
  EXPECT_EQ(numbers.cell, cell);
  List values(size_t(numbers.count()));
  numbers.read(0, numbers.count(), values.data());
  return values;
}

template <class T> std::string bits(std::initializer_list<T> values) { return bytesOf(values); }

// A tone of 16 bits.
std::vector<int> tone(double hertz, int rate, int count, double height = 10000) {
  std::vector<int> values;
  for (int i = 0; i < count; ++i)
    values.push_back(int(std::lround(height * std::sin(2 * std::numbers::pi * hertz * i / rate))));
  return values;
}

struct Wrong {
  const char *name;
  std::string bytes;
  const char *reason;
};

void expectErrors(const std::vector<Wrong> &cases) {
  Folder folder;
  for (const Wrong &wrong : cases) {
    std::string path = folder.write("sound", wrong.bytes);
    size_t most = (size_t(64) << 20) + 4 * wrong.bytes.size();
    std::string message = withMemory(most, [&] {
      Numbers numbers;
      std::string file;
      if (readFile(path, &file).failed())
        return std::string("cannot be read");
      return readSound(path, file, {8000, 1000, "voice"}, &numbers).message();
    });
    EXPECT_NE(message.find(wrong.reason), message.npos) << wrong.name << ": " << message;
    EXPECT_NE(message.find("`" + path + "`"), message.npos) << wrong.name << ": " << message;
  }
}

} // namespace

TEST(Wav, EveryKindOfNumber) {
  EXPECT_EQ(numbersOf(wavBytes(1, 8000, 8, std::string("\x00\x80\xC0\xFF", 4)), 8000, 9, Cell::Q15),
            (List{-1, 0, 0.5, 127 / 128.0}));
  EXPECT_EQ(
      numbersOf(wavBytes(1, 8000, 16, samples16({-32768, 0, 16384, 32767})), 8000, 9, Cell::Q15),
      (List{-1, 0, 0.5, 32767 / 32768.0}));
  EXPECT_EQ(numbersOf(wavBytes(1, 8000, 24, std::string("\0\0\x80\0\0\x40\1\0\0", 9))),
            (List{-1, 0.5, 0x1p-23}));
  EXPECT_EQ(numbersOf(wavBytes(1, 8000, 32, bits<int32_t>({INT32_MIN, 1 << 30, 0}))),
            (List{-1, 0.5, 0}));
  EXPECT_EQ(numbersOf(wavBytes(1, 8000, 32, bits<float>({-1, 0.25f, 1}), 3)), (List{-1, 0.25, 1}));
  EXPECT_EQ(numbersOf(wavBytes(1, 8000, 64, bits<double>({-0.5, 0.25, 7}), 3)),
            (List{-0.5, 0.25, 1})); // cut to 1
}

TEST(Wav, ChannelsAreAveraged) {
  EXPECT_EQ(numbersOf(wavBytes(2, 8000, 16, samples16({16384, 0, -32768, -32768}))),
            (List{0.25, -1}));
  std::string five;
  for (int c = 0; c < 5; ++c)
    five += samples16({(c + 1) * 1000});
  EXPECT_EQ(numbersOf(wavBytes(5, 8000, 16, five)), (List{double(3000 / 32768.0f)}));
}

TEST(Wav, ExtensibleAndOtherChunks) {
  std::string guid("\0\0\0\0\x10\0\x80\0\0\xAA\0\x38\x9B\x71", 14);
  std::string plain = wavFormat(0xFFFE, 1, 8000, 16).substr(8);
  std::string extensible = wavChunk("fmt ", plain + littleEndian(22, 2) + littleEndian(16, 2) +
                                                littleEndian(4, 4) + littleEndian(1, 2) + guid);
  std::string data = wavChunk("data", samples16({8192, -8192}));
  EXPECT_EQ(numbersOf(riff(extensible + data), 8000, 9, Cell::Q15), (List{0.25, -0.25}));
  // Chunks of odd lengths, and of other programs, before and behind.
  std::string others = wavChunk("LIST", "odd") + wavChunk("junk", "");
  EXPECT_EQ(numbersOf(riff(others + extensible + others + data + others), 8000, 9, Cell::Q15),
            (List{0.25, -0.25}));
  // Written to a pipe: the length is not known.
  std::string endless =
      riff(wavFormat(1, 1, 8000, 16) + "data\xFF\xFF\xFF\xFF" + samples16({8192}));
  EXPECT_EQ(numbersOf(endless, 8000, 9, Cell::Q15), (List{0.25}));
}

TEST(Flac, GivesWhatWasPacked) {
  std::vector<int> wave = tone(440, 8000, 1000);
  std::vector<int32_t> values(wave.begin(), wave.end());
  List got = numbersOf(flacBytes(1, 8000, 16, values), 8000, 1000, Cell::Q15);
  ASSERT_EQ(got.size(), 1000u);
  for (size_t i = 0; i < got.size(); ++i)
    ASSERT_EQ(got[i], values[i] / 32768.0);
  EXPECT_EQ(numbersOf(flacBytes(2, 8000, 24, {1 << 22, 0, -(1 << 23), -(1 << 23)})),
            (List{0.25, -1}));
  EXPECT_EQ(numbersOf(flacBytes(1, 8000, 8, {64, -128}), 8000, 9, Cell::Q15), (List{0.5, -1}));
}

TEST(Sound, OtherRatesKeepToneAndLength) {
  // 440 Hz at 44100 and at 11025 numbers a second, as 440 Hz at 8000; 6 kHz is gone.
  for (int rate : {44100, 11025, 4000}) {
    int half = rate / 2;
    List got =
        numbersOf(wavBytes(1, uint32_t(rate), 16, samples16(tone(440, rate, half))), 8000, 4000);
    ASSERT_EQ(got.size(), size_t(std::lround(double(half) * 8000 / rate)));
    for (size_t i = 200; i < got.size() - 200; ++i)
      ASSERT_NEAR(got[i], 10000 / 32768.0 * std::sin(2 * std::numbers::pi * 440 * double(i) / 8000),
                  1e-3)
          << rate << " " << i;
  }
  List high = numbersOf(wavBytes(1, 44100, 16, samples16(tone(6000, 44100, 22050))), 8000, 4000);
  for (size_t i = 200; i < high.size() - 200; ++i)
    ASSERT_NEAR(high[i], 0, 1e-3);
}

TEST(Sound, LengthsAreRounded) {
  auto countOf = [](int moments) {
    std::string data(size_t(moments), '\x80');
    return numbersOf(wavBytes(1, 44100, 8, data), 8000, 1000).size();
  };
  EXPECT_EQ(countOf(441), 80u);
  EXPECT_EQ(countOf(443), 80u);
  EXPECT_EQ(countOf(444), 81u);
  EXPECT_EQ(countOf(5515), 1000u); // 1000.45
}

TEST(Sound, RatesTooFarApartAreTold) {
  std::string file = wavBytes(1, 900000, 8, std::string(2000, 'x'));
  Numbers numbers;
  EXPECT_NE(
      readSound("a", file, {90, 9, "voice"}, &numbers).message().find("write a higher `rate`"),
      std::string::npos);
  EXPECT_EQ(
      withMemory(64 << 20, [&] { return readSound("a", file, {91, 9, "v"}, &numbers).message(); }),
      "");
}

TEST(Sound, ResampledTwiceTheSame) {
  // The filter of the last file must leave nothing behind.
  std::string one = wavBytes(1, 11025, 16, samples16(tone(700, 11025, 900)));
  std::string other = wavBytes(1, 11025, 16, samples16(tone(50, 11025, 900, 30000)));
  List first = numbersOf(one);
  numbersOf(other);
  EXPECT_EQ(numbersOf(one), first);
  std::vector<float> same = resample({1, 2, 3}, 7, 7, 5, Resampling::Best);
  EXPECT_EQ(same, (std::vector<float>{1, 2, 3, 0, 0}));
}

TEST(Wav, WrongFilesAreNamed) {
  std::string data = samples16({1, 2, 3}), right = wavBytes(1, 8000, 16, data);
  std::string format = wavFormat(1, 1, 8000, 16), sound = wavChunk("data", data);
  auto set = [&](size_t place, const std::string &bytes) {
    std::string file = right;
    return file.replace(place, bytes.size(), bytes);
  };
  constexpr size_t kTag = 20, kChannels = 22, kRate = 24, kBlock = 32, kBits = 34, kLength = 40;
  std::string shortExtensible = riff(wavFormat(0xFFFE, 1, 8000, 16) + sound);
  expectErrors({
      {"empty", "", "is empty"},
      {"text", "this is no sound\n", "is no WAV and no FLAC file"},
      {"MP3", "ID3\3", "is no WAV and no FLAC file"},
      {"garbage of 100 MB", std::string(100 << 20, 'x'), "is no WAV and no FLAC file"},
      {"magic alone", "RIFF", "does not begin with"},
      {"another RIFF", std::string("RIFF\4\0\0\0AVI LIST", 16), "does not begin with"},
      {"no chunks", riff(""), "ends before the chunk `fmt `"},
      {"no sound", riff(format), "ends before its sound"},
      {"sound before its format", riff(sound + format), "comes before `fmt `"},
      {"short format", riff(wavChunk("fmt ", "1234") + sound), "`fmt ` is too short"},
      {"short extensible format", shortExtensible, "`fmt ` is too short"},
      {"cut in the format", right.substr(0, 30), "is cut off"},
      {"cut in the sound", right.substr(0, right.size() - 1), "is cut off"},
      {"cut in a chunk's name", right.substr(0, 38), "ends before its sound"},
      {"a length of 4 GB", set(kLength, "\xF0\xFF\xFF\xFF"), "is cut off"},
      {"a format of 4 GB", set(16, "\xFF\xFF\xFF\xFF"), "is cut off"},
      {"no moments", wavBytes(1, 8000, 16, ""), "has no sound in it"},
      {"half a moment", wavBytes(2, 8000, 16, data), "ends within a moment"},
      {"0 channels", set(kChannels, std::string(2, '\0')), "0 channels"},
      {"rate 0", set(kRate, std::string(4, '\0')), "rate of 0"},
      {"rate 4 GHz", set(kRate, "\xFF\xFF\xFF\xFF"), "more than 1000000 moments a second"},
      {"12 bits", set(kBits, std::string("\x0C\0", 2)), "12-bit numbers"},
      {"0 bits", set(kBits, std::string(2, '\0')), "0-bit numbers"},
      {"floats of 16 bits", set(kTag, std::string("\3\0", 2)), "16-bit floats"},
      {"blocks of another length", set(kBlock, std::string("\7\0", 2)), "length of its blocks"},
      {"mu-law", set(kTag, std::string("\7\0", 2)), "mu-law (format 7), which is not read"},
      {"MP3 inside", set(kTag, std::string("\x55\0", 2)), "MP3"},
      {"unknown kind", set(kTag, "\x34\x12"), "of an unknown kind (format 4660)"},
      {"NaN", wavBytes(1, 8000, 32, bits<float>({1, NAN}), 3), "NaN or infinite"},
      {"infinity", wavBytes(1, 8000, 64, bits<double>({INFINITY}), 3), "NaN or infinite"},
      {"too long", wavBytes(1, 8000, 16, std::string(2002, 'x')),
       "is 0.125 s long, but `voice` has room for 0.125 s (1000 numbers, 8000 a second): cut the "
       "sound, or write `voice: f32[1001]`"},
      {"half an hour", wavBytes(1, 8000, 8, std::string(14400000, 'x')), "is 1800.000 s long"},
      {"too long at another rate", wavBytes(1, 16000, 8, std::string(16000, 'x')),
       "is 1.000 s long"},
  });
}

TEST(Flac, WrongFilesAreNamed) {
  std::vector<int> wave = tone(440, 8000, 900);
  std::vector<int32_t> values(wave.begin(), wave.end());
  std::string right = flacBytes(1, 8000, 16, values);
  // `fLaC`, a header of 4 bytes, then: block sizes 2 + 2, frame sizes 3 + 3, rate 20 bits, channels
  // - 1 in 3, bits - 1 in 5, moments in 36, MD5 in 16 bytes.
  constexpr size_t kRate = 18, kMoments = 22, kMd5 = 26, kFrames = 8 + 34;
  auto set = [&](size_t place, const std::string &bytes) {
    std::string file = right;
    return file.replace(place, bytes.size(), bytes);
  };
  size_t frame = right.find("\xFF\xF8", kFrames);
  ASSERT_NE(frame, right.npos);
  std::string flipped = right, noFrames = right.substr(0, frame);
  flipped[flipped.size() / 2] ^= 0x10;
  std::string garbage = noFrames + std::string(50 << 20, '\x5A');
  std::string none = flacBytes(1, 8000, 16, {});
  std::vector<int32_t> many(2000, 7);
  std::string unknownLength = flacBytes(1, 8000, 16, many);
  unknownLength.replace(kMoments, 4, std::string(4, '\0'));
  unknownLength[kMoments - 1] &= char(0xF0);
  std::string other = flacBytes(1, 16000, 16, values);
  std::string mixed = right.substr(0, frame) + other.substr(other.find("\xFF\xF8", kFrames));
  const char *kDamaged = "is a damaged FLAC file";
  expectErrors({
      {"magic alone", "fLaC", "ends before what says"},
      {"magic and text", "fLaC, this is no sound", kDamaged},
      {"magic and garbage of 50 MB", "fLaC" + std::string(50 << 20, 'x'), kDamaged},
      {"cut in the header", right.substr(0, 20), "ends before what says"},
      {"cut before the sound", noFrames, "is cut off"},
      {"cut in a block", right.substr(0, frame + 40), kDamaged},
      {"cut in the middle", right.substr(0, right.size() / 2), kDamaged},
      {"cut at the end", right.substr(0, right.size() - 1), kDamaged},
      {"garbage for sound", garbage, kDamaged},
      {"a flipped bit", flipped, kDamaged},
      {"garbage behind", right + "more", kDamaged},
      {"rate 0", set(kRate, std::string(2, '\0') + char(right[kRate + 2] & 0x0F)), kDamaged},
      {"wrong MD5", set(kMd5, "0123456789abcdef"), "checksum of its sound is wrong"},
      {"moments beyond count", set(kMoments, "\xFF\xFF\xFF\xFF"), "s long, but `voice` has room"},
      {"one moment too many", set(kMoments, bigEndian(901, 4)), "is cut off"},
      {"one channel more", set(kRate + 2, std::string(1, char(right[kRate + 2] | 2))),
       "change within it"},
      {"another rate in it", mixed, "change within it"},
      {"no moments", none, "has no sound in it"},
      {"too long", flacBytes(1, 8000, 16, many), "is 0.250 s long"},
      {"too long, without a length", unknownLength, "is more than 0.1"},
      {"Ogg", "OggS" + right, "is no WAV and no FLAC file"},
  });
}

TEST(Sound, EveryBitAndEveryCutIsToldOrHarmless) {
  std::vector<int> wave = tone(440, 8000, 300);
  for (const std::string &right :
       {wavBytes(2, 11025, 16, samples16(tone(300, 8000, 60))),
        flacBytes(1, 8000, 16, std::vector<int32_t>(wave.begin(), wave.end()))}) {
    Numbers numbers;
    for (size_t cut = 0; cut < right.size(); ++cut)
      EXPECT_TRUE(readSound("a", right.substr(0, cut), {8000, 1000, "voice"}, &numbers).failed());
    for (size_t bit = 0; bit < right.size() * 8; ++bit) {
      std::string wrong = right;
      wrong[bit / 8] = char(wrong[bit / 8] ^ 1 << bit % 8);
      Status status = readSound("a", wrong, {8000, 1000, "voice"}, &numbers);
      EXPECT_TRUE(!status.failed() || status.fault() == Fault::Input) << status.message();
    }
  }
}

} // namespace dlc::runtime::data
