#include "internal.h"

typedef struct ci_codec {
  ci_status (*read_header)(
      const uint8_t *bytes, size_t count, ci_header *header, ci_profile_visitor visit,
      void *context);
  ci_status (*decode)(
      const uint8_t *bytes, size_t count, unsigned denominator, uint8_t *rgb, size_t capacity,
      uint8_t *alpha);
} ci_codec;

static const ci_codec codecs[] = {
    [CI_PNG] = {ci_png_read_header, ci_png_decode},
    [CI_JPEG] = {ci_jpeg_read_header, ci_jpeg_decode},
    [CI_BMP] = {ci_bmp_read_header, ci_bmp_decode},
#ifdef CI_BUILT_WITH_WEBP
    [CI_WEBP] = {ci_webp_read_header, ci_webp_decode},
#endif
#ifdef CI_BUILT_WITH_GIF
    [CI_GIF] = {ci_gif_read_header, ci_gif_decode},
#endif
#ifdef CI_BUILT_WITH_TIFF
    [CI_TIFF] = {ci_tiff_read_header, ci_tiff_decode},
#endif
#ifdef CI_BUILT_WITH_HEIF
    [CI_HEIC] = {ci_heif_read_header, ci_heif_decode},
    [CI_AVIF] = {ci_heif_read_header, ci_heif_decode},
#endif
    [CI_AVIF + 1] = {0},
};

int ci_has_codec(ci_format format) {
  if (!codecs[format].decode) return 0;
#ifdef CI_BUILT_WITH_HEIF
  if (format == CI_HEIC || format == CI_AVIF) return ci_heif_decodes(format == CI_AVIF);
#endif
  return 1;
}

ci_status ci_read_header(
    ci_format format, const uint8_t *bytes, size_t count, ci_header *header,
    ci_profile_visitor visit, void *context) {
  *header = (ci_header){.orientation = 1};
  if (!ci_has_codec(format)) return ci_fail(CI_FAILED, "no codec is built in");
  ci_status status = codecs[format].read_header(bytes, count, header, visit, context);
  // A codec of a format with one image counts none.
  if (header->frames == 0) header->frames = 1;
  return status;
}

ci_status ci_decode(
    ci_format format, const uint8_t *bytes, size_t count, unsigned denominator, uint8_t *rgb,
    size_t capacity, uint8_t *alpha) {
  if (!ci_has_codec(format)) return ci_fail(CI_FAILED, "no codec is built in");
  return codecs[format].decode(bytes, count, denominator, rgb, capacity, alpha);
}
