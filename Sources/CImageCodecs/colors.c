#include "internal.h"

#include <stdlib.h>
#include <string.h>

static int has_chromaticities(const ci_source *source) { return source->chromaticities[1] > 0; }

void ci_describe_colors(
    const ci_source *source, ci_header *header, ci_profile_visitor visit, void *context) {
  ci_transform_free(ci_transform_make(source, 0, 1, &header->colors));
  if (source->profile || source->profile_is_damaged) {
    visit(context, source->profile, source->profile ? source->profile_count : 0);
  } else {
    header->primaries = source->primaries;
    header->transfer = source->transfer;
    header->has_chromaticities = has_chromaticities(source);
  }
}

#ifdef CI_BUILT_WITH_COLORS

#include <lcms2.h>

// Less differs from sRGB only in rounding, and pixels stay as they are.
enum { greatest_rounding = 2 };

// ITU-T H.273 table 3.
enum { srgb_transfer = 13 };

struct ci_transform {
  cmsContext context;
  cmsHTRANSFORM rows;
};

int ci_converts_colors(void) { return 1; }

static void print_nothing(cmsContext context, cmsUInt32Number code, const char *text) {
  (void)context;
  (void)code;
  (void)text;
}

/// ITU-T H.273 table 3: the curve of a transfer characteristic. Those of cameras and video are read as
/// sRGB's, as browsers do. NULL: it has no curve for pictures of one white, or is not known.
static cmsToneCurve *transfer_curve(cmsContext context, int transfer) {
  static const double srgb[5] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
  switch (transfer) {
  case 1: case 2: case 6: case 7: case 13: case 14: case 15:
    return cmsBuildParametricToneCurve(context, 4, srgb);
  case 4: return cmsBuildGamma(context, 2.2);
  case 5: return cmsBuildGamma(context, 2.8);
  case 8: return cmsBuildGamma(context, 1);
  default: return NULL;
  }
}

/// ITU-T H.273 table 2: x and y of white, red, green and blue; NULL for other codes.
static const double *coded_chromaticities(int code) {
  static const struct { int code; double xy[8]; } table[] = {
      {1, {0.3127, 0.3290, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060}},
      {4, {0.3100, 0.3160, 0.670, 0.330, 0.210, 0.710, 0.140, 0.080}},
      {5, {0.3127, 0.3290, 0.640, 0.330, 0.290, 0.600, 0.150, 0.060}},
      {6, {0.3127, 0.3290, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070}},
      {7, {0.3127, 0.3290, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070}},
      {9, {0.3127, 0.3290, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046}},
      {11, {0.3140, 0.3510, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060}},
      {12, {0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060}},
      {22, {0.3127, 0.3290, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077}},
  };
  for (size_t index = 0; index < sizeof table / sizeof *table; index++) {
    if (table[index].code == (code == 2 ? 1 : code)) return table[index].xy;
  }
  return NULL;
}

static cmsHPROFILE stated_profile(cmsContext context, const ci_source *source) {
  const double *xy = has_chromaticities(source) ? source->chromaticities
                                                : coded_chromaticities(source->primaries);
  if (!xy) return NULL;
  cmsCIExyY white = {xy[0], xy[1], 1};
  cmsCIExyYTRIPLE points = {{xy[2], xy[3], 1}, {xy[4], xy[5], 1}, {xy[6], xy[7], 1}};
  int transfer = has_chromaticities(source) ? srgb_transfer : source->transfer;
  cmsToneCurve *curve = source->gamma > 0 ? cmsBuildGamma(context, source->gamma)
                                          : transfer_curve(context, transfer);
  if (!curve) return NULL;
  cmsToneCurve *curves[3] = {curve, curve, curve};
  cmsHPROFILE profile = cmsCreateRGBProfileTHR(context, &white, &points, curves);
  cmsFreeToneCurve(curve);
  return profile;
}

static cmsHPROFILE source_profile(cmsContext context, const ci_source *source) {
  if (source->profile_is_damaged || source->profile_count > UINT32_MAX) return NULL;
  if (source->profile) {
    return cmsOpenProfileFromMemTHR(
        context, source->profile, (cmsUInt32Number)source->profile_count);
  }
  return stated_profile(context, source);
}

/// The layout of the rows for a profile of `colors`; 0: the profile is not one for such rows.
static cmsUInt32Number row_format(
    cmsColorSpaceSignature colors, ci_space space, int rows_have_alpha) {
  cmsUInt32Number extra = rows_have_alpha ? 1 : 0;
  switch (colors) {
  case cmsSigRgbData:
    return space == CI_SPACE_CMYK ? 0 : TYPE_RGB_8 | EXTRA_SH(extra);
  case cmsSigGrayData:
    return space == CI_SPACE_GREY ? TYPE_GRAY_8 | EXTRA_SH(2 + extra) : 0;
  case cmsSigCmykData:
    return space == CI_SPACE_CMYK ? TYPE_CMYK_8 : 0;
  default:
    return 0;
  }
}

static int differs_by_rounding(
    cmsHTRANSFORM rows, uint8_t *pixels, const uint8_t *before, cmsUInt32Number count) {
  cmsDoTransform(rows, pixels, pixels, count);
  for (size_t index = 0; index < 3 * (size_t)count; index++) {
    if (abs(pixels[index] - before[index]) > greatest_rounding) return 0;
  }
  return 1;
}

/// Whether a conversion of RGB changes colours no more than rounding does.
static int changes_no_color(cmsHTRANSFORM rows) {
  enum { steps = 9, count = steps * steps * steps };
  uint8_t pixels[3 * count], before[3 * count];
  for (int color = 0; color < count; color++) {
    int parts[3] = {color % steps, color / steps % steps, color / steps / steps};
    for (int channel = 0; channel < 3; channel++) {
      pixels[3 * color + channel] = (uint8_t)(parts[channel] * 255 / (steps - 1));
    }
  }
  memcpy(before, pixels, sizeof pixels);
  return differs_by_rounding(rows, pixels, before, count);
}

/// The same for a conversion of grey.
static int changes_no_grey(cmsHTRANSFORM rows) {
  uint8_t pixels[3 * 256], before[3 * 256];
  for (int grey = 0; grey < 256; grey++) memset(pixels + 3 * grey, grey, 3);
  memcpy(before, pixels, sizeof pixels);
  return differs_by_rounding(rows, pixels, before, 256);
}

// Pillow's ImageCms.profileToProfile has the same intent, and no flags.
static cmsHTRANSFORM make_rows(
    cmsContext context, cmsHPROFILE profile, const ci_source *source, int rows_have_alpha,
    cmsUInt32Number flags) {
  cmsUInt32Number format = row_format(cmsGetColorSpace(profile), source->space, rows_have_alpha);
  cmsHPROFILE srgb = format ? cmsCreate_sRGBProfileTHR(context) : NULL;
  if (!srgb) return NULL;
  cmsHTRANSFORM rows = cmsCreateTransformTHR(
      context, profile, format, srgb, TYPE_RGB_8 | EXTRA_SH(rows_have_alpha ? 1u : 0u),
      INTENT_PERCEPTUAL, flags);
  cmsCloseProfile(srgb);
  return rows;
}

/// What a profile does to colours, from a conversion that is quick to make.
static ci_colors try_profile(cmsContext context, cmsHPROFILE profile, const ci_source *source) {
  cmsHTRANSFORM rows = make_rows(context, profile, source, 0, cmsFLAGS_NOOPTIMIZE);
  if (!rows) return CI_COLORS_UNCONVERTED;
  int is_srgb = source->space == CI_SPACE_GREY ? changes_no_grey(rows)
      : source->space == CI_SPACE_RGB && changes_no_color(rows);
  cmsDeleteTransform(rows);
  return is_srgb ? CI_COLORS_SRGB : CI_COLORS_CONVERTED;
}

ci_transform *ci_transform_make(
    const ci_source *source, int rows_have_alpha, int is_trial, ci_colors *colors) {
  *colors = CI_COLORS_SRGB;
  int is_stated = source->primaries || source->transfer || has_chromaticities(source);
  if (!source->profile && !source->profile_is_damaged && !is_stated) return NULL;
  *colors = CI_COLORS_UNCONVERTED;
  cmsContext context = cmsCreateContext(NULL, NULL);
  if (!context) return NULL;
  cmsSetLogErrorHandlerTHR(context, print_nothing);

  ci_transform *transform = NULL;
  cmsHPROFILE profile = source_profile(context, source);
  if (profile) *colors = try_profile(context, profile, source);
  if (*colors == CI_COLORS_CONVERTED && !is_trial) {
    cmsHTRANSFORM rows = make_rows(context, profile, source, rows_have_alpha, 0);
    if (rows) transform = calloc(1, sizeof *transform);
    if (transform) {
      *transform = (ci_transform){context, rows};
    } else if (rows) {
      cmsDeleteTransform(rows);
    }
  }
  if (profile) cmsCloseProfile(profile);
  if (!transform) cmsDeleteContext(context);
  return transform;
}

void ci_transform_row(const ci_transform *transform, uint8_t *row, uint32_t width) {
  cmsDoTransform(transform->rows, row, row, width);
}

void ci_transform_free(ci_transform *transform) {
  if (!transform) return;
  cmsDeleteTransform(transform->rows);
  cmsDeleteContext(transform->context);
  free(transform);
}

#else

int ci_converts_colors(void) { return 0; }

ci_transform *ci_transform_make(
    const ci_source *source, int rows_have_alpha, int is_trial, ci_colors *colors) {
  (void)rows_have_alpha;
  (void)is_trial;
  // Transfer characteristics that are read as sRGB's, also with lcms2.
  static const unsigned srgb_like = 1 | 1 << 1 | 1 << 2 | 1 << 6 | 1 << 7 | 1 << 13 | 1 << 14 | 1 << 15;
  int is_coded = source->primaries > 2 || source->transfer > 15
      || !(srgb_like >> source->transfer & 1) || has_chromaticities(source);
  *colors = source->profile || source->profile_is_damaged || is_coded ? CI_COLORS_UNCONVERTED
                                                                      : CI_COLORS_SRGB;
  return NULL;
}

void ci_transform_row(const ci_transform *transform, uint8_t *row, uint32_t width) {
  (void)transform;
  (void)row;
  (void)width;
}

void ci_transform_free(ci_transform *transform) { (void)transform; }

#endif
