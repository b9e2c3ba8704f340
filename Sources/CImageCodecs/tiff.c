#ifdef CI_BUILT_WITH_TIFF

#include "tiff_internal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// MARK: What libtiff calls

static tmsize_t read_bytes(thandle_t handle, void *target, tmsize_t count) {
  tiff_reader *reader = handle;
  uint64_t remaining = reader->position < reader->count ? reader->count - reader->position : 0;
  if ((uint64_t)count > remaining) {
    count = (tmsize_t)remaining;
    reader->has_ended = 1;
  }
  if (count > 0) memcpy(target, reader->bytes + reader->position, (size_t)count);
  reader->position += (uint64_t)count;
  return count;
}

static tmsize_t write_nothing(thandle_t handle, void *source, tmsize_t count) {
  (void)handle;
  (void)source;
  (void)count;
  return 0;
}

static toff_t seek(thandle_t handle, toff_t offset, int origin) {
  tiff_reader *reader = handle;
  switch (origin) {
  case SEEK_SET: reader->position = offset; break;
  case SEEK_CUR: reader->position += offset; break;
  default: reader->position = reader->count + offset;
  }
  return reader->position;
}

static int close_nothing(thandle_t handle) {
  (void)handle;
  return 0;
}

static toff_t size_of(thandle_t handle) { return ((tiff_reader *)handle)->count; }

static int note_error(
    TIFF *tiff, void *context, const char *module, const char *format, va_list arguments) {
  (void)tiff;
  (void)module;
  tiff_reader *reader = context;
  if (!reader->has_failed) {
    vsnprintf(reader->reason, sizeof reader->reason, format, arguments);
    reader->reason[strcspn(reader->reason, "\n")] = 0;
    size_t length = strlen(reader->reason);
    if (length && reader->reason[length - 1] == '.') reader->reason[length - 1] = 0;
  }
  reader->has_failed = 1;
  return 1;
}

// libtiff only warns of damaged JPEG and fax data, and the rest of the image is wrong.
static int note_warning(
    TIFF *tiff, void *context, const char *module, const char *format, va_list arguments) {
  static const char *const damages[] = {"Corrupt JPEG data", "Premature end", "Premature EO"};
  char text[200];
  va_list copy;
  va_copy(copy, arguments);
  vsnprintf(text, sizeof text, format, copy);
  va_end(copy);
  if (strstr(text, "ICC Profile")) ((tiff_reader *)context)->source.profile_is_damaged = 1;
  for (size_t index = 0; index < sizeof damages / sizeof *damages; index++) {
    if (strstr(text, damages[index])) {
      return note_error(tiff, context, module, format, arguments);
    }
  }
  return 1;
}

// MARK: Header

ci_status ci_tiff_fail(const tiff_reader *reader, const char *reason) {
  if (reader->has_ended) return ci_fail(CI_TRUNCATED, "the data ends early");
  return ci_fail(CI_FAILED, reader->has_failed && *reader->reason ? reader->reason : reason);
}

static uint16_t short_field(TIFF *tiff, uint32_t tag, uint16_t missing) {
  uint16_t value = 0;
  return TIFFGetFieldDefaulted(tiff, tag, &value) ? value : missing;
}

/// The first page of a raw file is a thumbnail, or has the sensor's samples.
static int is_camera_raw(const tiff_reader *reader) {
  uint32_t kind = 0;
  uint16_t count = 0;
  void *values = NULL;
  TIFF *tiff = reader->tiff;
  if (reader->photometric == PHOTOMETRIC_CFA || reader->photometric == 34892) return 1;
  if (TIFFGetField(tiff, TIFFTAG_DNGVERSION, &values)) return 1;
  if (reader->count > 10 && memcmp(reader->bytes + 8, "CR", 2) == 0) return 1;
  return TIFFGetField(tiff, TIFFTAG_SUBFILETYPE, &kind) && (kind & FILETYPE_REDUCEDIMAGE)
      && TIFFGetField(tiff, TIFFTAG_SUBIFD, &count, &values);
}

static ci_status read_kind(tiff_reader *reader) {
  TIFF *tiff = reader->tiff;
  reader->bits = short_field(tiff, TIFFTAG_BITSPERSAMPLE, 1);
  reader->samples = short_field(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  reader->is_planar = short_field(tiff, TIFFTAG_PLANARCONFIG, 1) == PLANARCONFIG_SEPARATE
      && reader->samples > 1;
  uint16_t format = short_field(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  uint16_t compression = short_field(tiff, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
  if (!TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &reader->photometric)) {
    return ci_tiff_fail(reader, "no kind of colours in it");
  }
  if (is_camera_raw(reader)) return ci_fail(CI_FAILED, "a camera's raw file");
  if (format == SAMPLEFORMAT_IEEEFP) return ci_fail(CI_FAILED, "samples of floating point");
  if (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID) {
    return ci_fail(CI_FAILED, "samples that are not unsigned");
  }
  if (!TIFFIsCODECConfigured(compression)) {
    return ci_fail(CI_FAILED, "a compression that libtiff lacks here");
  }
  uint16_t bits = reader->bits;
  if (bits != 1 && bits != 2 && bits != 4 && bits != 8 && bits != 16) {
    snprintf(reader->reason, sizeof reader->reason, "samples of %d bits", bits);
    return ci_fail(CI_FAILED, reader->reason);
  }

  switch (reader->photometric) {
  case PHOTOMETRIC_MINISWHITE:
  case PHOTOMETRIC_MINISBLACK:
    reader->colors = 1;
    reader->source.space = CI_SPACE_GREY;
    break;
  case PHOTOMETRIC_PALETTE:
    reader->colors = 1;
    if (bits > 8 || !TIFFGetField(
                        tiff, TIFFTAG_COLORMAP, &reader->map[0], &reader->map[1], &reader->map[2])) {
      return ci_tiff_fail(reader, "no colour map of 8 bits in it");
    }
    break;
  case PHOTOMETRIC_RGB: reader->colors = 3; break;
  case PHOTOMETRIC_YCBCR:
    reader->colors = 3;
    if (compression != COMPRESSION_JPEG || bits != 8) {
      return ci_fail(CI_FAILED, "YCbCr without JPEG");
    }
    // libtiff's pseudo tag: the JPEG codec gives RGB.
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    break;
  case PHOTOMETRIC_SEPARATED:
    reader->colors = 4;
    reader->source.space = CI_SPACE_CMYK;
    if (short_field(tiff, TIFFTAG_INKSET, INKSET_CMYK) != INKSET_CMYK) {
      return ci_fail(CI_FAILED, "inks other than CMYK");
    }
    break;
  default: return ci_fail(CI_FAILED, "neither grey, RGB, CMYK nor a palette");
  }
  if (reader->samples < reader->colors || reader->samples > 16) {
    return ci_fail(CI_FAILED, "a number of samples that does not fit the colours");
  }
  return CI_OK;
}

static void read_alpha(tiff_reader *reader) {
  uint16_t count = 0, *kinds = NULL;
  if (reader->colors == 4 || reader->samples <= reader->colors) return;
  if (!TIFFGetField(reader->tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds) || count < 1) return;
  reader->header.has_alpha =
      kinds[0] == EXTRASAMPLE_ASSOCALPHA || kinds[0] == EXTRASAMPLE_UNASSALPHA;
  reader->is_premultiplied = kinds[0] == EXTRASAMPLE_ASSOCALPHA;
}

#if TIFFLIB_VERSION >= 20221213

static ci_status open_tiff(tiff_reader *reader) {
  TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
  if (!options) return ci_fail(CI_FAILED, "out of memory");
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, ci_tiff_largest_block);
  TIFFOpenOptionsSetErrorHandlerExtR(options, note_error, reader);
  TIFFOpenOptionsSetWarningHandlerExtR(options, note_warning, reader);
  reader->tiff = TIFFClientOpenExt(
      "TIFF", "rm", reader, read_bytes, write_nothing, seek, close_nothing, size_of, NULL, NULL,
      options);
  TIFFOpenOptionsFree(options);
  return reader->tiff ? CI_OK : ci_tiff_fail(reader, "no page in it");
}

#else

// Before version 4.5, all files share the functions that receive errors, and libtiff limits its
// allocations only by the size of the file.

static void note_shared_error(
    thandle_t handle, const char *module, const char *format, va_list arguments) {
  if (handle) note_error(NULL, handle, module, format, arguments);
}

static void note_shared_warning(
    thandle_t handle, const char *module, const char *format, va_list arguments) {
  if (handle) note_warning(NULL, handle, module, format, arguments);
}

static void share_handlers(void) {
  TIFFSetErrorHandler(NULL);
  TIFFSetWarningHandler(NULL);
  TIFFSetErrorHandlerExt(note_shared_error);
  TIFFSetWarningHandlerExt(note_shared_warning);
}

static ci_status open_tiff(tiff_reader *reader) {
  static pthread_once_t shared = PTHREAD_ONCE_INIT;
  pthread_once(&shared, share_handlers);
  reader->tiff = TIFFClientOpen(
      "TIFF", "rm", reader, read_bytes, write_nothing, seek, close_nothing, size_of, NULL, NULL);
  return reader->tiff ? CI_OK : ci_tiff_fail(reader, "no page in it");
}

#endif

static ci_status open_reader(tiff_reader *reader, const uint8_t *bytes, size_t count) {
  *reader = (tiff_reader){.bytes = bytes, .count = count, .source.space = CI_SPACE_RGB};
  ci_status status = open_tiff(reader);
  if (status != CI_OK) return status;
  ci_header *header = &reader->header;
  if (!TIFFGetField(reader->tiff, TIFFTAG_IMAGEWIDTH, &header->width)
      || !TIFFGetField(reader->tiff, TIFFTAG_IMAGELENGTH, &header->height) || !header->width
      || !header->height) {
    return ci_tiff_fail(reader, "a side of zero");
  }
  uint16_t orientation = short_field(reader->tiff, TIFFTAG_ORIENTATION, 1);
  header->orientation = orientation >= 1 && orientation <= 8 ? orientation : 1;
  status = read_kind(reader);
  if (status == CI_OK) status = ci_tiff_check_rows(reader);
  if (status != CI_OK) return status;
  read_alpha(reader);
  uint32_t profile_count = 0;
  void *profile = NULL;
  if (TIFFGetField(reader->tiff, TIFFTAG_ICCPROFILE, &profile_count, &profile)) {
    reader->source.profile = profile;
    reader->source.profile_count = profile_count;
  }
  return CI_OK;
}

static void close_reader(tiff_reader *reader) {
  free(reader->band);
  free(reader->tile);
  free(reader->unpacked);
  free(reader->row);
  if (reader->tiff) TIFFClose(reader->tiff);
}

// MARK: Entry points

ci_status ci_tiff_read_header(
    const uint8_t *bytes, size_t count, ci_header *header, ci_profile_visitor visit,
    void *context) {
  tiff_reader reader;
  ci_status status = open_reader(&reader, bytes, count);
  if (status == CI_OK) {
    *header = reader.header;
    header->frames = ci_tiff_count_pages(&reader);
    ci_describe_colors(&reader.source, header, visit, context);
  }
  close_reader(&reader);
  return status;
}

ci_status ci_tiff_decode(
    const uint8_t *bytes, size_t count, unsigned denominator, uint8_t *rgb, size_t capacity,
    uint8_t *alpha) {
  (void)denominator;
  tiff_reader reader;
  ci_sink sink = {0};
  ci_status status = open_reader(&reader, bytes, count);
  if (status == CI_OK) {
    status = ci_sink_open(
        &sink, reader.header, &reader.source, reader.header.has_alpha, rgb, capacity, alpha);
  }
  if (status == CI_OK) status = ci_tiff_put_rows(&reader, &sink);
  ci_sink_close(&sink);
  close_reader(&reader);
  return status;
}

#endif
