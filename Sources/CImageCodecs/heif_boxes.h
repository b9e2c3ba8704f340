// The boxes of HEIC and AVIF (ISO/IEC 14496-12 section 4.2), as far as libheif does not tell.

#ifndef C_IMAGE_CODECS_HEIF_BOXES_H
#define C_IMAGE_CODECS_HEIF_BOXES_H

#include <stdint.h>

/// Whether the outer boxes end within the file.
int ci_boxes_are_whole(const uint8_t *bytes, uint64_t count);

/// The number of images in the longest track of a file; 0: it has no tracks.
uint32_t ci_boxes_count_samples(const uint8_t *bytes, uint64_t count);

#endif
