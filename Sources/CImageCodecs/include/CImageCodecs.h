// Image files to interleaved 8-bit sRGB over the system's libraries, PNG from RGB, and Pillow's bicubic
// resampling. libpng and libjpeg-turbo are always there; Package.swift lists each of the
// others.
//
// The rules of this header:
// - Arguments are borrowed for the length of the call. Pixels are rows from top to bottom, without
//   padding, three bytes (red, green, blue) per pixel.
// - A function returns CI_OK or another status. `ci_error()` is valid only after another status.
// - The libraries' long jumps end inside the call, their warnings are not printed, and all memory
//   of a call is freed, even if the input is damaged. Nothing is shared between threads.
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

// MARK: Reading

typedef enum ci_format {
  CI_PNG, CI_JPEG, CI_WEBP, CI_GIF, CI_BMP, CI_TIFF, CI_HEIC, CI_AVIF,
} ci_format;

/// Whether this build can decode a format: 1 or 0.
int ci_has_codec(ci_format format);

/// Whether this build converts colours, by lcms2: 1 or 0.
int ci_converts_colors(void);

/// How the colours that a file states become sRGB.
typedef enum ci_colors {
  /// They are sRGB, or the file states none.
  CI_COLORS_SRGB,
  /// `ci_decode` converts them.
  CI_COLORS_CONVERTED,
  /// They cannot be converted: `ci_decode` reads them as sRGB.
  CI_COLORS_UNCONVERTED,
} ci_colors;

/// The properties of an image file that are read without decoding its pixels.
typedef struct ci_header {
  /// Size as stored, before `orientation` is applied.
  uint32_t width, height;
  /// EXIF orientation, 1 to 8; 1 (upright) when the file gives none or an invalid one. The turns of
  /// HEIC and AVIF are not counted: they belong to the stored size.
  int orientation;
  /// 1 when there is an alpha channel or a transparent colour, else 0.
  int has_alpha;
  /// Frames of an animation, pages of a TIFF, images of a HEIC or AVIF file; 1 for a single image.
  /// Thumbnails, masks, and the parts of an image are not counted.
  uint32_t frames;
  /// What happens to the colours.
  ci_colors colors;
  /// ITU-T H.273 colour primaries and transfer characteristics; 0 when the file gives none, or a
  /// profile instead.
  int primaries, transfer;
  /// 1 when the cHRM of a PNG states other primaries than sRGB's, and no profile does.
  int has_chromaticities;
  /// The gAMA of a PNG in 1/100000; 0 when it has none, or a profile instead.
  uint32_t gamma;
} ci_header;

/// Receives the embedded ICC profile, valid only during the call; NULL: it is damaged.
typedef void (*ci_profile_visitor)(
    void *context, const uint8_t *_Nullable profile, size_t count);

/// Reads the header of a file in memory, and visits the profile if there is one.
ci_status ci_read_header(
    ci_format format, const uint8_t *bytes, size_t count, ci_header *header,
    ci_profile_visitor visit, void *context);

/// Decodes a file to upright sRGB: the first frame of an animation, the first page of a TIFF.
///
/// Transparency is composited over white with Pillow's rounding, samples of more than 8 bits keep
/// their high byte, and colours are converted as the header states. CMYK without a usable profile
/// becomes RGB by Pillow's formula. A PNG's gAMA is ignored, unless its cHRM states other primaries
/// than sRGB's. Missing or invalid compressed
/// data is an error, not an image with a grey rest.
///
/// `denominator` is 1, 2, 4 or 8: a JPEG is reduced by it while it is decoded (sides are rounded
/// up); other formats need 1. `capacity` must be three times the reduced width times the reduced
/// height. `alpha`, unless NULL, receives the transparency, one byte per pixel. It must be NULL for
/// an image without transparency.
ci_status ci_decode(
    ci_format format, const uint8_t *bytes, size_t count, unsigned denominator, uint8_t *rgb,
    size_t capacity, uint8_t *_Nullable alpha);

// MARK: PNG

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
