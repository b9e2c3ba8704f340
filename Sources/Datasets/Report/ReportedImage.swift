import Foundation
package import Images

/// One image as training will see it.
public struct ReportedImage: Sendable {
  /// The image.
  public let image: DatasetImage
  /// Whether it is a validation image.
  public let isValidation: Bool
  /// The crop that training sees; if crops are random, the one at the center.
  public let geometry: CropGeometry
  /// Its caption without random choices.
  public let caption: String
  /// Tokens of the whole caption.
  public let tokens: Int
  /// The end of the caption that the text encoders do not read; usually empty.
  public let unread: Substring
  /// The mean of the mask where training sees the image, from 0 to 1; nil: no mask, or not decoded.
  var maskWeight: MaskWeight?

  init(
    _ image: DatasetImage, isValidation: Bool, buckets: AspectBuckets, config: DatasetOptions,
    tokenizer: any CaptionTokenizer
  ) {
    let recipe = CaptionRecipe(config)
    let geometry = CropGeometry(
      original: image.size, target: buckets.bucket(for: image.size, upscale: config.upscale),
      focus: image.focus)
    let caption = recipe.plain(image.captions)
    let limit = config.maxCaptionTokens
    self.image = image
    self.isValidation = isValidation
    self.geometry = geometry
    self.caption = caption
    tokens = tokenizer.tokenCount(of: caption)
    unread = tokens > limit ? tokenizer.rest(of: caption, afterTokens: limit) : ""
  }
}

extension CaptionTokenizer {
  /// The words of a text from the first that does not fit into `limit` tokens.
  fileprivate func rest(of text: String, afterTokens limit: Int) -> Substring {
    let words = text.split(whereSeparator: \.isWhitespace)
    // The number of tokens grows with the text, so that halving finds the word.
    var (fitting, over) = (0, words.count)
    while fitting + 1 < over {
      let middle = (fitting + over) / 2
      if tokenCount(of: String(text[..<words[middle - 1].endIndex])) <= limit {
        fitting = middle
      } else {
        over = middle
      }
    }
    return over == 0 ? "" : text[words[over - 1].startIndex...]
  }
}

extension ReportedImage {
  /// The image with the weight of its mask. Throws why it cannot be trained on.
  func decoded(masks: Bool, isRandom: Bool) throws -> ReportedImage {
    guard masks, image.mask != nil else {
      // A JPEG is read to its end at any scale. The smallest scale is the fastest.
      _ = try ImageDecoder.decode(contentsOf: image.url, scale: .eighth)
      return self
    }
    _ = try crop(masks: true)
    var reported = self
    reported.maskWeight = try image.maskWeight(in: geometry, isRandom: isRandom)
    return reported
  }

  /// The crop that training sees. Throws `ImageError`, `MaskError`.
  func crop(masks: Bool) throws -> ImageCrop {
    var mask: ImageView.Mask?
    if masks {
      switch image.mask {
      case .alpha: mask = .alpha
      case .file(let url): mask = .file(url, sha256: "")
      case nil: break
      }
    }
    // Hashes identify cached images. This one is not cached.
    return try TrainingImage.crop(
      of: ImageView(
        url: image.url, sha256: "", mask: mask, geometry: geometry, isMirrored: false))
  }

  /// The whole image on a small scale, dimmed where training does not see it, and tinted where a mask
  /// excludes it. Throws `ImageError`, `MaskError`.
  package func tile(masks: Bool) throws -> RGBImage { try SheetTile.image(of: self, masks: masks) }
}
