import Foundation
import Images

/// One image as training will see it.
public struct ReportedImage: Sendable {
  /// The image.
  public let image: DatasetImage
  /// Whether it is kept from training, to measure over-fitting.
  public let isHeldOut: Bool
  /// The part of it that training sees; with random crops, the one in the middle.
  public let geometry: CropGeometry
  /// What is said of it, without any random choice.
  public let caption: String
  /// Tokens of the whole caption.
  public let tokens: Int
  /// The end of the caption, which the text encoders are not given; mostly empty.
  public let unread: Substring

  init(
    _ image: DatasetImage, isHeldOut: Bool, buckets: AspectBuckets, config: DatasetOptions,
    tokenizer: any CaptionTokenizer
  ) {
    let recipe = CaptionRecipe(config)
    let geometry = CropGeometry(
      original: image.size, target: buckets.bucket(for: image.size, upscale: config.upscale),
      focus: image.focus)
    let caption = recipe.plain(image.captions)
    let limit = config.maxCaptionTokens
    self.image = image
    self.isHeldOut = isHeldOut
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
  /// Why the picture cannot be trained on; nil: it can.
  func trainingError(masks: Bool) -> (any Error)? {
    do {
      if masks, image.mask != nil {
        _ = try crop(masks: true)
      } else {
        // Every byte of a JPEG is read at any scale, and at the smallest it takes the least time.
        _ = try ImageDecoder.decode(contentsOf: image.url, scale: .eighth)
      }
      return nil
    } catch {
      return error
    }
  }

  /// The crop as training gets it. Throws `ImageError`, `MaskError`.
  func crop(masks: Bool) throws -> PictureCrop {
    var mask: PictureView.Mask?
    if masks {
      switch image.mask {
      case .alpha: mask = .alpha
      case .file(let url): mask = .file(url, sha256: "")
      case nil: break
      }
    }
    // Hashes tell cached pictures apart, and this one is not kept.
    return try TrainingPicture.crop(
      of: PictureView(
        url: image.url, sha256: "", mask: mask, geometry: geometry, isMirrored: false))
  }
}
