import ArgumentParser
import Foundation
import StableDiffusion

/// What the UNet is told besides the prompt, and how guidance works.
struct ConditioningOptions: ParsableArguments {
  @Option(
    help: .value(
      "How much of guidance's gain in contrast to take back, 0 to 1; for v-prediction.", "x"))
  var guidanceRescale = 0.0
  @Option(
    help: .value("Size before resizing that SDXL is told. Default: that of the picture.", "WxH"),
    transform: SizeArgument.parse)
  var originalSize: SizeArgument?
  @Option(
    help: .value("Rows and columns cut off that SDXL is told. Default: none.", "top,left"),
    transform: CropArgument.parse)
  var crop: CropArgument?
  @Option(
    help: .value("Target size that SDXL is told. Default: that of the picture.", "WxH"),
    transform: SizeArgument.parse)
  var targetSize: SizeArgument?
  @Option(
    help: .value("The same with the negative prompt. Default: as without negative.", "WxH"),
    transform: SizeArgument.parse)
  var negativeOriginalSize: SizeArgument?
  @Option(
    help: .value("The same with the negative prompt. Default: as without negative.", "top,left"),
    transform: CropArgument.parse)
  var negativeCrop: CropArgument?
  @Option(
    help: .value("The same with the negative prompt. Default: as without negative.", "WxH"),
    transform: SizeArgument.parse)
  var negativeTargetSize: SizeArgument?

  func validate() throws {
    guard (0...1).contains(guidanceRescale) else {
      throw ValidationError(
        "--guidance-rescale is \(guidanceRescale), but must be from 0 to 1.")
    }
  }

  /// Sets what was said.
  func apply(to series: inout PictureSeries) {
    series.guidanceRescale = guidanceRescale
    var sizes = SizeConditioning(width: series.width, height: series.height)
    sizes.set(originalSize, crop, targetSize)
    series.sizes = sizes
    if negativeOriginalSize != nil || negativeCrop != nil || negativeTargetSize != nil {
      sizes.set(negativeOriginalSize, negativeCrop, negativeTargetSize)
      series.negativeSizes = sizes
    }
  }
}

extension SizeConditioning {
  fileprivate mutating func set(
    _ original: SizeArgument?, _ crop: CropArgument?, _ target: SizeArgument?
  ) {
    if let original { (originalWidth, originalHeight) = (original.width, original.height) }
    if let crop { (cropTop, cropLeft) = (crop.top, crop.left) }
    if let target { (targetWidth, targetHeight) = (target.width, target.height) }
  }
}

/// How the prompts are read.
struct PromptOptions: ParsableArguments {
  @Flag(help: "Read prompts of more than 75 tokens in chunks, instead of cutting them.")
  var longPrompts = false
  @Flag(help: "Read (word:1.2), (word) and [word] as weights, instead of as text.")
  var promptWeights = false

  var reading: PromptReading { PromptReading(isLong: longPrompts, isWeighted: promptWeights) }
}

/// A size as `1024x768`.
struct SizeArgument: Sendable {
  let width: Int
  let height: Int

  static func parse(_ text: String) throws -> SizeArgument {
    let sides = text.lowercased().split(separator: "x", omittingEmptySubsequences: false)
      .map { Int($0) }
    guard sides.count == 2, let width = sides[0], let height = sides[1],
      (1...65_536).contains(width), (1...65_536).contains(height)
    else { throw ValidationError("a size is width x height in pixels, as in 1024x768") }
    return SizeArgument(width: width, height: height)
  }
}

/// What is cut off above and on the left, as `0,128`.
struct CropArgument: Sendable {
  let top: Int
  let left: Int

  static func parse(_ text: String) throws -> CropArgument {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let top = parts[0], let left = parts[1],
      (0...65_536).contains(top), (0...65_536).contains(left)
    else { throw ValidationError("a crop is rows above, columns on the left, as in 0,128") }
    return CropArgument(top: top, left: left)
  }
}
