// PNG and JPEG from and to interleaved 8-bit RGB, over the system's libpng and libjpeg-turbo, and
// Pillow's bicubic resampling.
//
// The rules of this header:
// - Arguments are borrowed for the length of the call. Pixels are rows from top to bottom, without
//   padding, three bytes (red, green, blue) per pixel.
// - A function returns CI_OK or another status. `ci_error()` is valid only after another status.
// - The libraries' long jumps end inside the call, their warnings are not printed, and all memory
//   of a call is freed, even if the input is damaged.
// - No function limits the size of an image: read its header, decide, allocate, then decode.

#ifndef C_IMAGE_CODECS_H
#define C_IMAGE_CODECS_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

typedef enum ci_status {
  CI_OK = 0,
  /// The input is damaged, uses something that is not supported, or memory ran out.
  CI_FAILED = -1,
  /// The input is well-formed, but ends before the image is complete.
  CI_TRUNCATED = -2,
} ci_status;

/// Why this thread's last failed call did not return CI_OK: a phrase without a full stop, valid
/// until the next call.
const char *ci_error(void);

/// The properties of an image file that are read without decoding its pixels.
typedef struct ci_header {
  /// Size as stored, before `orientation` is applied.
  uint32_t width, height;
  /// EXIF orientation, 1 to 8; 1 (upright) when the file gives none or an invalid one.
  int orientation;
  /// 1 when there is an alpha channel or a transparent colour, else 0.
  int has_alpha;
} ci_header;

/// Receives the embedded ICC profile, valid only during the call; NULL: it is damaged.
typedef void (*ci_profile_visitor)(
    void *context, const uint8_t *_Nullable profile, size_t count);

// MARK: JPEG

/// Reads the header of a JPEG file in memory, and visits the profile if there is one.
ci_status ci_jpeg_read_header(
    const uint8_t *bytes, size_t count, ci_header *header, ci_profile_visitor visit,
    void *context);

/// Decodes a baseline or progressive JPEG (grey, YCbCr, RGB, CMYK or YCCK) to upright RGB.
///
/// CMYK is read as inverted, as Adobe's programs write it and Pillow and djpeg read it. Missing or
/// invalid compressed data is an error, not an image with a grey rest.
///
/// `denominator` is 1, 2, 4 or 8: the image is reduced by it while it is decoded (sides are
/// rounded up). `capacity` must be three times the reduced width times the reduced height.
ci_status ci_jpeg_decode(
    const uint8_t *bytes, size_t count, unsigned denominator, uint8_t *rgb, size_t capacity);

// MARK: PNG

/// Reads the header of a PNG file in memory, and visits the profile if there is one.
ci_status ci_png_read_header(
    const uint8_t *bytes, size_t count, ci_header *header, ci_profile_visitor visit,
    void *context);

/// Decodes a PNG of any colour type and depth to upright RGB.
///
/// Transparency is composited over white with Pillow's rounding, 16-bit samples keep their high
/// byte, and gamma and colour profile are ignored. `capacity` must be three times the pixels.
///
/// `alpha`, unless NULL, receives the transparency, one byte per pixel. It must be NULL for an
/// image without transparency.
ci_status ci_png_decode(
    const uint8_t *bytes, size_t count, uint8_t *rgb, size_t capacity, uint8_t *_Nullable alpha);

/// Receives one text chunk: Latin-1 `key`, and NUL-terminated `text` that is UTF-8 when `is_utf8`
/// is not 0, else Latin-1. Both are valid only during the call.
typedef void (*ci_text_visitor)(
    void *context, const char *key, const char *text, int is_utf8);

/// Visits the tEXt, zTXt and iTXt chunks of a PNG, in the file's order.
ci_status ci_png_read_text(
    const uint8_t *bytes, size_t count, ci_text_visitor visit, void *context);

/// Encodes RGB to a PNG in memory.
///
/// `texts` holds `text_count` pairs of NUL-terminated strings one after the other: a key (1 to 79
/// ASCII characters) and its UTF-8 text. ASCII text becomes a tEXt chunk, other text iTXt. On
/// CI_OK `*png` is a block that the caller frees with `free`.
ci_status ci_png_encode(
    const uint8_t *rgb, uint32_t width, uint32_t height, const char *texts, size_t text_count,
    uint8_t *_Nullable *_Nonnull png, size_t *png_count);

// MARK: Resampling

/// A rectangle of an image that was scaled to another size.
typedef struct ci_window {
  /// Sides of the whole image before and after scaling.
  uint32_t source_width, source_height, scaled_width, scaled_height;
  /// The rectangle within the scaled image.
  uint32_t left, top, width, height;
} ci_window;

/// Antialiased bicubic resampling, bit for bit that of Pillow's `resize(BICUBIC)` with a crop
/// after.
///
/// `pixels` has the source's size with `channels` bytes each, 1 to 4. `result` receives the pixels
/// of the rectangle, which must lie within the scaled image.
ci_status ci_resize_bicubic(
    const uint8_t *pixels, unsigned channels, const ci_window *window, uint8_t *result);

#pragma clang assume_nonnull end

#endif
