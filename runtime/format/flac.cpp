// FLAC sounds, read by libFLAC.
#include "runtime/format/sound.h"

#include <FLAC/stream_decoder.h>
#include <algorithm>
#include <cmath>
#include <cstring>

namespace dlc::runtime {

namespace {

struct Reading {
  std::string_view file;
  SoundFrames *frames;
  const std::string &path;
  size_t at = 0;
  SoundFormat format{}; // rate 0: not begun
  int64_t taken = 0;
  Status status{};
  const char *why = nullptr; // what is damaged
};

FLAC__StreamDecoderReadStatus take(const FLAC__StreamDecoder *, FLAC__byte *bytes, size_t *count,
                                   void *client) {
  auto *reading = static_cast<Reading *>(client);
  *count = std::min(*count, reading->file.size() - reading->at);
  memcpy(bytes, reading->file.data() + reading->at, *count);
  reading->at += *count;
  return *count > 0 ? FLAC__STREAM_DECODER_READ_STATUS_CONTINUE
                    : FLAC__STREAM_DECODER_READ_STATUS_END_OF_STREAM;
}

void begin(const FLAC__StreamDecoder *, const FLAC__StreamMetadata *metadata, void *client) {
  auto *reading = static_cast<Reading *>(client);
  if (metadata->type != FLAC__METADATA_TYPE_STREAMINFO)
    return;
  const FLAC__StreamMetadata_StreamInfo &info = metadata->data.stream_info;
  reading->format.rate = info.sample_rate;
  reading->format.frames = info.total_samples > 0 ? int64_t(info.total_samples) : -1;
  reading->format.channels = int(info.channels);
  reading->format.bits = int(info.bits_per_sample);
  if (info.sample_rate == 0) // libFLAC has seen that it is not too high
    reading->why = "it says that it has a rate of 0 moments a second";
  else
    reading->status = reading->frames->begin(reading->format);
}

FLAC__StreamDecoderWriteStatus add(const FLAC__StreamDecoder *, const FLAC__Frame *frame,
                                   const FLAC__int32 *const buffers[], void *client) {
  auto *reading = static_cast<Reading *>(client);
  const SoundFormat &format = reading->format;
  const FLAC__FrameHeader &header = frame->header;
  if (reading->why || reading->status.failed())
    return FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
  if (header.sample_rate != format.rate || int(header.channels) != format.channels ||
      int(header.bits_per_sample) != format.bits) {
    reading->why = "its rate, channels or bits change within it";
    return FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
  }
  double unit = std::ldexp(1.0, 1 - format.bits) / format.channels;
  for (uint32_t i = 0; i < header.blocksize; ++i) {
    double sum = 0;
    for (int c = 0; c < format.channels; ++c)
      sum += double(buffers[c][i]);
    reading->status = reading->frames->add(sum * unit);
    if (reading->status.failed())
      return FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
  }
  reading->taken += header.blocksize;
  return FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
}

void fail(const FLAC__StreamDecoder *, FLAC__StreamDecoderErrorStatus error, void *client) {
  auto *reading = static_cast<Reading *>(client);
  reading->why = error == FLAC__STREAM_DECODER_ERROR_STATUS_FRAME_CRC_MISMATCH
                     ? "a checksum in it is wrong"
                 : error == FLAC__STREAM_DECODER_ERROR_STATUS_BAD_HEADER
                     ? "the header of one of its blocks is wrong"
                     : "bytes in it are no FLAC";
}

} // namespace

Status readFlac(const std::string &path, std::string_view file, SoundFrames *frames) {
  Reading reading{file, frames, path};
  FLAC__StreamDecoder *decoder = FLAC__stream_decoder_new();
  if (!decoder)
    return internalError("libFLAC has no memory");
  FLAC__stream_decoder_set_md5_checking(decoder, true);
  bool isRead = FLAC__stream_decoder_init_stream(decoder, take, nullptr, nullptr, nullptr, nullptr,
                                                 add, begin, fail,
                                                 &reading) == FLAC__STREAM_DECODER_INIT_STATUS_OK;
  // A block at a time: libFLAC goes on after a damaged one, which is not wanted here.
  while (isRead && !reading.why && !reading.status.failed() &&
         FLAC__stream_decoder_get_state(decoder) != FLAC__STREAM_DECODER_END_OF_STREAM)
    isRead = FLAC__stream_decoder_process_single(decoder);
  bool isWhole = FLAC__stream_decoder_finish(decoder);
  FLAC__stream_decoder_delete(decoder);
  DLC_TRY(reading.status);
  if (!reading.why && reading.format.rate == 0)
    reading.why = "it ends before what says its rate and channels";
  if (!reading.why && reading.format.frames >= 0 && reading.taken < reading.format.frames)
    reading.why = "it is cut off";
  if (!reading.why && reading.taken == 0)
    return inputError("`%s` has no sound in it: 0 moments", path.c_str());
  if (!reading.why && !isRead)
    reading.why = "bytes in it are no FLAC";
  if (!reading.why && !isWhole)
    reading.why = "the checksum of its sound is wrong";
  if (reading.why)
    return inputError(
        "`%s` is a damaged FLAC file (%s): save or copy it once more, or leave it out "
        "of the data",
        path.c_str(), reading.why);
  return Status();
}

} // namespace dlc::runtime
